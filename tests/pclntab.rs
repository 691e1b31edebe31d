//! Tables of functions and lines of real programs, against what the tools of Go say of them.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go and read files")]

mod noise;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use goaudit::binary::image::Image;
use goaudit::binary::module_data::ModuleLayout;
use goaudit::binary::pclntab::Pclntab;
use noise::Noise;
use programs::{Program, tool};

const LINUX: (&str, &str) = ("linux", "amd64");
const STRIP: &[&str] = &["-ldflags=-s -w"];
const PIE: &[&str] = &["-buildmode=pie"];

const PROGRAMS: [Program; 9] = [
    Program::new("go1.21.13", LINUX, &[]),
    Program::new("go1.27.3", LINUX, &[]),
    Program::new("go1.26.8", ("linux", "386"), &[]),
    Program::new("go1.26.8", ("linux", "s390x"), &[]),
    Program::new("go1.27.3", ("linux", "arm64"), PIE),
    Program::new("go1.21.13", ("linux", "arm64"), PIE),
    Program::new("go1.27.3", ("darwin", "arm64"), &[]),
    Program::new("go1.21.13", ("windows", "amd64"), &[]),
    Program::new("go1.27.3", ("windows", "amd64"), &[]),
];

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Names of functions by address, as `go tool nm` prints them; C and assembly labels have no entry in the table.
fn nm(path: &std::path::Path) -> BTreeMap<u64, BTreeSet<String>> {
    let mut names: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for line in tool(&["nm", "-n"], path, "").lines() {
        let mut words = line.trim_start().splitn(3, ' ');
        let address = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
        let (Some(address), Some("T" | "t"), Some(name)) = (address, words.next(), words.next())
        else {
            continue;
        };
        names.entry(address).or_default().insert(name.to_owned());
    }
    names
}

/// Marks of the linker, and what it makes without a compilation unit.
fn is_mark(name: &str) -> bool {
    ["runtime.text", "runtime.etext", "_rt0_", "go:textfipsstart", "go:textfipsend"]
        .iter()
        .any(|mark| name.starts_with(mark))
}

#[test]
fn functions_are_those_of_the_symbol_table() {
    for program in PROGRAMS {
        let path = program.build("pclntab-symbols");
        let file = fs::read(&path).unwrap();
        let image = Image::parse(&file).unwrap();
        let table = Pclntab::read(&image).unwrap();
        assert_eq!(table.functions.len(), table.function_count, "{program:?}");
        assert!(table.functions.len() > 800, "{program:?}: {}", table.functions.len());
        let names = nm(&path);
        for function in &table.functions {
            // The linker writes no middle dot into a symbol table.
            let name = &text(function.name).replace('·', ".");
            let here = names.get(&function.address).unwrap_or_else(|| panic!("{program:?} {name}"));
            // The symbol of a function in assembly says how it is called.
            let is_same = |other: &String| {
                let other = other.strip_suffix(".abi0").unwrap_or(other);
                other == name || other.strip_prefix('_') == Some(name)
            };
            let found = here.iter().any(is_same);
            assert!(found, "{program:?} {name} {here:?}");
        }
        let ours: BTreeSet<u64> = table.functions.iter().map(|f| f.address).collect();
        let missing: Vec<_> = names
            .iter()
            .filter(|(address, names)| !ours.contains(address) && !names.iter().all(|n| is_mark(n)))
            .collect();
        assert!(missing.is_empty(), "{program:?} {missing:?}");
    }
}

#[test]
fn files_and_lines_are_those_of_addr2line() {
    for program in PROGRAMS {
        let path = program.build("pclntab-lines");
        let file = fs::read(&path).unwrap();
        let image = Image::parse(&file).unwrap();
        let table = Pclntab::read(&image).unwrap();
        let input: String =
            table.functions.iter().map(|function| format!("{:#x}\n", function.address)).collect();
        let answer = tool(&["addr2line"], &path, &input);
        let mut answers = answer.lines();
        let mut known = 0;
        for function in &table.functions {
            let name = text(function.name);
            assert_eq!(answers.next().map(str::to_owned), Some(name.to_owned()), "{program:?}");
            let place = answers.next().unwrap();
            let Some(file) = function.file else {
                assert!(
                    place.starts_with('?') || place.starts_with(":"),
                    "{program:?} {name} {place}"
                );
                continue;
            };
            let line = table.values(function.pcln).next().unwrap().value;
            assert_eq!(place, format!("{}:{line}", text(file)), "{program:?} {name}");
            assert!(table.files.contains(&file), "{program:?} {name}");
            known += 1;
        }
        assert!(known > 800, "{program:?} {known}");
    }
}

#[test]
fn the_word_func_is_where_the_source_has_it() {
    const OWN: [(&str, &str, i32); 3] = [
        ("main.main", "example.com/lines/main.go", 11),
        ("main.count", "example.com/lines/main.go", 20),
        ("example.com/lines/near.Largest[go.shape.int]", "example.com/lines/near/near.go", 12),
    ];
    for program in PROGRAMS {
        let file = fs::read(program.build("pclntab-start")).unwrap();
        let image = Image::parse(&file).unwrap();
        let table = Pclntab::read(&image).unwrap();
        for (name, path, line) in OWN {
            let function = table.functions.iter().find(|f| f.name == name.as_bytes()).unwrap();
            assert_eq!(function.start_line, line, "{program:?} {name}");
            assert_eq!(function.file.map(text), Some(path), "{program:?} {name}");
            assert_eq!(table.function_at(function.end - 1), Some(function));
            assert!(table.values(function.pcln).all(|v| v.value > 0 && v.start < v.end));
            let last = table.values(function.pcln).last().unwrap();
            assert!(u64::from(last.end) <= function.end - function.address, "{program:?} {name}");
        }
    }
}

#[test]
fn the_parts_cover_the_table() {
    for program in PROGRAMS {
        let file = fs::read(program.build("pclntab-parts")).unwrap();
        let image = Image::parse(&file).unwrap();
        let table = Pclntab::read(&image).unwrap();
        assert_eq!(table.tables.first().unwrap().content.start, table.content.start);
        assert_eq!(table.tables.last().unwrap().content.end, table.content.end);
        for pair in table.tables.windows(2) {
            assert_eq!(pair[0].content.end, pair[1].content.start, "{program:?} {pair:?}");
        }
        let functab = table.tables.iter().find(|part| part.name == "functab").unwrap();
        for function in &table.functions {
            assert!(functab.content.start <= function.record.start, "{program:?}");
            assert!(function.record.end <= functab.content.end, "{program:?}");
        }
        let named: Vec<_> = table.tables.iter().map(|part| part.name).collect();
        let newer = program.toolchain != "go1.21.13";
        assert_eq!(named.len(), if newer { 8 } else { 6 }, "{program:?} {named:?}");
    }
}

#[test]
fn module_data_is_what_the_symbols_say() {
    for program in PROGRAMS {
        let file = fs::read(program.build("pclntab-module")).unwrap();
        let image = Image::parse(&file).unwrap();
        let module = Pclntab::read(&image).unwrap().module.unwrap();
        let layout = match program.toolchain {
            "go1.21.13" => ModuleLayout::Go120,
            "go1.26.8" => ModuleLayout::Go126,
            _ => ModuleLayout::Go127,
        };
        assert_eq!(module.layout, layout, "{program:?}");
        let symbol = |name: &str| {
            let symbol = image.symbols.iter().find(|s| s.name == name.as_bytes());
            symbol.unwrap_or_else(|| panic!("{program:?} {name}")).address
        };
        let ours = [
            ("runtime.firstmoduledata", module.address),
            ("runtime.text", module.text),
            ("runtime.etext", module.etext),
            ("runtime.types", module.types),
            ("runtime.etypes", module.etypes),
            ("runtime.rodata", module.rodata),
            ("go:func.*", module.gofunc),
            ("runtime.findfunctab", module.findfunctab),
            ("runtime.data", module.data),
            ("runtime.ebss", module.ebss),
            ("runtime.end", module.end),
        ];
        for (name, address) in ours {
            assert_eq!(address, symbol(name), "{program:?} {name}");
        }
    }
}

/// Without symbols the table, the module data and all functions are the same.
#[test]
fn a_stripped_program_has_the_same_table() {
    for (toolchain, target) in [
        ("go1.21.13", LINUX),
        ("go1.27.3", LINUX),
        ("go1.21.13", ("windows", "amd64")),
        ("go1.27.3", ("windows", "amd64")),
        ("go1.27.3", ("darwin", "arm64")),
    ] {
        let read = |flags, check: &dyn Fn(Pclntab<'_>)| {
            let file =
                fs::read(Program::new(toolchain, target, flags).build("pclntab-strip")).unwrap();
            check(Pclntab::read(&Image::parse(&file).unwrap()).unwrap());
        };
        read(&[], &|whole| {
            read(STRIP, &|stripped| {
                assert!(stripped.module.is_some(), "{toolchain} {target:?}");
                assert_eq!(stripped.functions.len(), whole.functions.len());
                for (stripped, whole) in stripped.functions.iter().zip(&whole.functions) {
                    assert_eq!(stripped.name, whole.name, "{toolchain} {target:?}");
                    assert_eq!(stripped.start_line, whole.start_line);
                    assert_eq!(stripped.address, whole.address, "{toolchain} {target:?}");
                }
            });
        });
    }
}

/// Damage in header, module data and table; what is still read stays inside of the file.
#[test]
fn damage_is_never_a_panic() {
    let mut noise = Noise::new();
    for program in [PROGRAMS[1], PROGRAMS[3], PROGRAMS[7]] {
        let mut file = fs::read(program.build("pclntab-damage")).unwrap();
        let image = Image::parse(&file).unwrap();
        let table = Pclntab::read(&image).unwrap();
        let module = image.at(table.module.unwrap().address).unwrap();
        let module = module.0.content.start + module.1;
        let content = table.content;
        for _ in 0..60 {
            let mut undo = Vec::new();
            for _ in 0..=noise.below(20) {
                let at = match noise.below(3) {
                    0 => content.start + noise.below(72),
                    1 => module + noise.below(400),
                    _ => content.start + noise.below(content.len()),
                };
                undo.push((at, file[at]));
                file[at] =
                    if noise.below(2) == 0 { 0xff } else { file[at] ^ (1 << noise.below(8)) };
            }
            if let Some(table) = Pclntab::read(&Image::parse(&file).unwrap()) {
                assert!(table.content.end <= file.len());
                assert!(table.functions.iter().all(|f| f.record.end <= file.len()));
            }
            undo.into_iter().rev().for_each(|(at, byte)| file[at] = byte);
        }
    }
}
