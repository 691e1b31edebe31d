//! DWARF sections and units of real programs, against another reader and the tools of Go.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run go and read files")]

mod noise;
mod programs;

use std::borrow::Cow;
use std::fs;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use goaudit::binary::debug::{DebugSection, DebugSections, Unit, debug_sections, units};
use goaudit::binary::image::Image;
use noise::Noise;
use object::{Object as _, ObjectSection as _};
use programs::{Program, tool};

const PLAIN: &[&str] = &["-ldflags=-compressdwarf=false"];
const LIMIT: u64 = 1 << 30;

/// DWARF 4 and 5 in the three formats, compressed as each linker does it, and not.
const PROGRAMS: [Program; 8] = [
    Program::new("go1.21.13", ("linux", "amd64"), &[]),
    Program::new("go1.26.8", ("linux", "amd64"), &[]),
    Program::new("go1.26.8", ("linux", "amd64"), PLAIN),
    Program::new("go1.26.8", ("linux", "386"), &[]),
    Program::new("go1.26.8", ("linux", "s390x"), &[]),
    Program::new("go1.26.8", ("darwin", "arm64"), &[]),
    Program::new("go1.21.13", ("windows", "amd64"), &[]),
    Program::new("go1.26.8", ("windows", "amd64"), &[]),
];

#[test]
fn sections_are_those_of_another_reader() {
    for program in PROGRAMS {
        let file = fs::read(program.build("debug-sections")).unwrap();
        let image = Image::parse(&file).unwrap();
        let ours = debug_sections(&image, LIMIT);
        assert_eq!(ours.notes, Vec::<String>::new(), "{program:?}");
        assert!(ours.sections.len() >= 7, "{program:?} {}", ours.sections.len());
        let theirs = object::File::parse(&*file).unwrap();
        let mut compressed = 0;
        for section in &ours.sections {
            let region = &image.regions[section.region];
            let name = region.name.split_once(',').map_or(&*region.name, |(_, name)| name);
            let other = theirs.sections().find(|other| other.name() == Ok(name)).unwrap();
            let mut content = other.uncompressed_data().unwrap();
            // The other reader leaves what PE has as it is.
            if let Some(stream) = content.strip_prefix(b"ZLIB") {
                let mut plain = Vec::new();
                ZlibDecoder::new(&stream[8..]).read_to_end(&mut plain).unwrap();
                content = Cow::Owned(plain);
            }
            assert!(content == section.content, "{program:?} {}", section.name);
            compressed += usize::from(matches!(section.content, Cow::Owned(_)));
        }
        let is_plain = program.flags == PLAIN;
        assert_eq!(compressed == 0, is_plain, "{program:?} {compressed}");
    }
}

#[test]
fn units_are_the_packages_of_the_program() {
    for program in PROGRAMS {
        let path = program.build("debug-units");
        let file = fs::read(&path).unwrap();
        let image = Image::parse(&file).unwrap();
        let sections = debug_sections(&image, LIMIT);
        let read = units(&sections, image.format.endian);
        assert_eq!(read.notes, Vec::<String>::new(), "{program:?}");
        // Go writes DWARF 5 from 1.25 on, but not for macOS.
        let is_4 = program.toolchain == "go1.21.13" || program.target.0 == "darwin";
        let version = if is_4 { 4 } else { 5 };
        assert!(read.units.iter().all(|unit| unit.version == version), "{program:?}");
        // A package may have several units: `runtime` has nine in Go 1.26.
        let files = |name: &str| {
            let own = read.units.iter().filter(|unit| unit.name == name);
            own.map(|unit| unit.files).max().unwrap_or_default()
        };
        // DWARF 5 counts the unit itself.
        let own = usize::from(version == 5);
        assert!(files("main") > own, "{program:?}");
        assert!(files("example.com/lines/near") > own, "{program:?}");
        assert!(files("runtime") > 100, "{program:?}");

        // The units follow each other, and so do their tables of lines.
        let info = sections.content(".debug_info").len();
        let ends = read.units.iter().skip(1).map(|unit| unit.info.start).chain([info]);
        assert!(read.units.iter().map(|unit| unit.info.end).eq(ends), "{program:?}");
        let mut lines: Vec<_> = read.units.iter().filter_map(|unit| unit.line.clone()).collect();
        // A package of variables alone has no lines, nor has the unit of types that Go 1.26 adds.
        let own = |unit: &&Unit| unit.name == "main" || unit.name.starts_with("example.com");
        assert!(read.units.iter().filter(own).all(|unit| unit.line.is_some()), "{program:?}");
        assert!(lines.len() + 8 > read.units.len(), "{program:?}");
        lines.sort_by_key(|line| line.start);
        assert!(lines.windows(2).all(|pair| pair[0].end == pair[1].start), "{program:?}");
        assert_eq!(lines.last().unwrap().end, sections.content(".debug_line").len());
        // Each has a function that the tools of Go know, or it would not be linked.
        let symbols = tool(&["nm"], &path, "");
        for unit in read.units.iter().filter(|unit| unit.name.starts_with("example.com")) {
            assert!(symbols.contains(&format!(" {}.", unit.name)), "{program:?} {unit:?}");
        }
    }
}

#[test]
fn what_is_left_of_the_limit_is_refused_by_name() {
    let program = PROGRAMS[1];
    let file = fs::read(program.build("debug-limit")).unwrap();
    let image = Image::parse(&file).unwrap();
    let all = debug_sections(&image, LIMIT);
    let some = debug_sections(&image, 1000);
    assert!(some.sections.len() < all.sections.len());
    assert_eq!(some.notes.len(), all.sections.len() - some.sections.len());
    let line = some.notes.iter().find(|note| note.contains("`.debug_line`")).unwrap();
    assert!(line.contains("are left for debug information"), "{line}");
}

/// Damage in what is compressed, and in what is not.
#[test]
fn damage_is_never_a_panic() {
    let mut noise = Noise::new();
    for program in [PROGRAMS[0], PROGRAMS[1], PROGRAMS[2]] {
        let mut file = fs::read(program.build("debug-damage")).unwrap();
        let image = Image::parse(&file).unwrap();
        let endian = image.format.endian;
        let sections = debug_sections(&image, LIMIT);
        let owned = |section: &DebugSection<'_>| DebugSection {
            name: section.name.clone(),
            content: Cow::Owned(section.content.to_vec()),
            region: section.region,
        };
        let mut damaged: DebugSections<'static> = DebugSections {
            sections: sections.sections.iter().map(owned).collect(),
            notes: Vec::new(),
        };
        let whole = units(&sections, endian);
        let starts: Vec<_> = whole.units.iter().map(|u| u.info.start).collect();
        let places: Vec<_> =
            sections.sections.iter().map(|s| image.regions[s.region].content.clone()).collect();
        for _ in 0..40 {
            let place = &places[noise.below(places.len())];
            let at = place.start + noise.below(place.len().min(64));
            let was = std::mem::replace(&mut file[at], noise.byte());
            if let Ok(image) = Image::parse(&file) {
                let _ = units(&debug_sections(&image, LIMIT), endian);
            }
            file[at] = was;
        }
        for _ in 0..150 {
            let unit = starts[noise.below(starts.len())];
            for _ in 0..=noise.below(4) {
                let index = noise.below(damaged.sections.len());
                let section = &mut damaged.sections[index];
                let near = if section.name == ".debug_info" { unit } else { 0 };
                let bytes = section.content.to_mut();
                let at = (near + noise.below(100)) % bytes.len();
                bytes[at] =
                    if noise.below(2) == 0 { 0xff } else { bytes[at] ^ (1 << noise.below(8)) };
            }
            let _ = units(&damaged, endian);
        }
        // What was damaged is told.
        assert_ne!(units(&damaged, endian), whole);
        let info = damaged.sections.iter_mut().find(|s| s.name == ".debug_info").unwrap();
        info.content.to_mut().truncate(20);
        assert_eq!(units(&damaged, endian).units, []);
        assert_eq!(units(&damaged, endian).notes.len(), 1);
    }
}
