//! The page as text; `tests/cache_html.rs` opens it in a browser.

use super::*;
use crate::binary::goobj::peek::Peek;
use crate::cache::{EntryFile, Inventory, Linked, OutputFile, Scan, Stat, Tally, Told, advise};
use crate::golang::cache_entry::{EntryError, Kind};
use crate::report::page::checks::{self, unbalanced};

const NOW: i64 = 1_800_000_000;

fn archive(number: u64, package: &str, directory: &str, bytes: u64, flags: &[&str]) -> OutputFile {
    let peek = Peek {
        toolchain: "linux amd64 go1.26.8 GOAMD64=v1 X:regabi".to_owned(),
        build_id: None,
        package: Some(package.to_owned()),
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        is_covered: false,
        has_tests: false,
        directory: Some(directory.to_owned()),
        is_std: Some(!package.contains('.')),
    };
    output(number, bytes, Kind::Archive, Told::Archive(Box::new(peek)))
}

fn output(number: u64, bytes: u64, kind: Kind, told: Told) -> OutputFile {
    let mut output = [0; 32];
    output[..8].copy_from_slice(&number.to_be_bytes());
    let stat = Stat { bytes, disk: bytes, used: NOW - i64::try_from(number % 500_000).unwrap() };
    OutputFile { output, stat, kind, told, is_intact: None }
}

fn scan(outputs: Vec<OutputFile>) -> Scan {
    Scan { outputs, now: NOW, ..Scan::default() }
}

fn render_of(scan: &Scan) -> String {
    let cache = Inventory::of(scan);
    let portrait = Portrait::of(scan, &cache.sets);
    let advice = advise(&cache, &[]);
    render(&CacheReport { dir: "/home/ci/.cache/go-build".to_owned(), cache, advice }, &portrait)
}

fn small() -> Scan {
    let linked = Linked { name: "gen".into(), package: "x.org/gen".into(), ..Linked::default() };
    scan(vec![
        archive(1, "fmt", "fmt", 700_000, &[]),
        archive(2, "fmt", "fmt", 900_000, &["-race"]),
        archive(3, "m.org/a/b", "m.org/a@v1.0.0/b", 500_000, &[]),
        archive(4, "x.org/lib", "/home/me/x/lib", 300_000, &[]),
        archive(5, "y.org/lost", "sync/atomic", 200_000, &[]),
        output(6, 2_000_000, Kind::Executable, Told::Executable(Box::new(linked))),
        output(7, 10_000, Kind::Archive, Told::BadArchive("cut".into())),
        output(8, 5_000, Kind::Vet, Told::Nothing),
        output(9, 0, Kind::Other, Told::Nothing),
    ])
}

/// The numbers of an attribute of all tiles of the first picture.
fn attributes(html: &str, name: &str) -> Vec<f64> {
    let picture = checks::between(html, "<svg class=\"map wide\"", "</svg>");
    let tiles = picture.split("<rect class=\"tile ").skip(1);
    tiles.map(|tile| checks::between(tile, &format!(" {name}=\""), "\"").parse().unwrap()).collect()
}

#[test]
fn tiles_are_as_large_as_their_rows_say() {
    let html = render_of(&small());
    let rows: Vec<f64> = html
        .split("data-bytes=\"")
        .skip(1)
        .map(|row| row.split('"').next().unwrap().parse().unwrap())
        .collect();
    let total = 4_615_000.0;
    assert!((rows.iter().sum::<f64>() - total).abs() < 0.5);
    let [numbers, widths, heights] =
        ["data-i", "width", "height"].map(|name| attributes(&html, name));
    assert_eq!(numbers.len(), rows.len() - 1, "the empty file has no tile");
    for ((number, width), height) in numbers.iter().zip(widths).zip(heights) {
        let row = rows.iter().enumerate().find(|(at, _)| (*at as f64 - number).abs() < 0.5);
        let expected = row.unwrap().1 / total * 1240.0 * 660.0;
        assert!((width * height - expected).abs() < 0.01 * (width + height), "{number}");
    }
}

#[test]
fn modules_are_those_that_archives_tell() {
    let html = render_of(&small());
    for (package, module) in [
        ("fmt", "std"),
        ("m.org/a/b", "m.org/a@v1.0.0"),
        ("x.org/lib", "x.org/…"),
        ("x.org/gen", "x.org/…"),
        ("y.org/lost", "module not known"),
        ("(damaged)", "module not known"),
        ("vet facts", "of no package"),
    ] {
        let cells =
            format!("<td class=\"package\">{package}</td><td class=\"module\">{module}</td>");
        assert!(html.contains(&cells), "{cells}");
    }
    assert!(html.contains("Module not known: 210 kB, 4.6 %"), "it is said how much that is");
}

#[test]
fn every_page_is_whole() {
    let broken = Scan {
        entries: vec![EntryFile {
            action: [7; 32],
            stat: Stat::default(),
            content: Err(EntryError::Length),
        }],
        now: NOW,
        ..Scan::default()
    };
    let one = scan(vec![archive(1, "fmt", "fmt", 1, &[])]);
    let foreign = Scan { foreign: Tally { count: 1, bytes: 600, disk: 4096 }, ..Scan::default() };
    for scan in [&small(), &scan(Vec::new()), &broken, &one, &foreign] {
        let html = render_of(scan);
        assert_eq!(unbalanced(&html), None);
        assert_eq!(html, render_of(scan), "the same cache gives the same page");
        checks::admits_its_script_and_style(&html);
        checks::fetches_nothing(&html);
        assert!(!html.contains("NaN") && !html.contains("inf\""), "a number is one");
    }
    assert!(render_of(&scan(Vec::new())).contains("The cache is empty"));
    assert!(render_of(&broken).contains("it does not have 175 bytes"));
}

#[test]
fn a_hundred_thousand_files_make_a_page_of_two_megabytes() {
    let names = (0..100_000_u64).map(|number| {
        let module = number % 700;
        let package = format!("example.org/module{module}/p{number}");
        let directory = format!("example.org/module{module}@v1.{module}.0/p{number}");
        let flags: &[&str] = if number % 3 == 0 { &["-race"] } else { &[] };
        archive(number, &package, &directory, 1_000 + number * number % 90_000, flags)
    });
    let html = render_of(&scan(names.collect()));
    assert!(html.len() < 2_000_000, "{}", html.len());
    assert!(html.contains(" smaller packages"));
    assert_eq!(unbalanced(&html), None);
}

#[test]
fn hostile_names_stay_text_and_do_not_make_a_page_large() {
    let long = "'".repeat(4_000);
    let outputs = (0..3_000_u64).map(|number| {
        let package = format!("e{number}.org/</script><img src=x>{{{{rows}}}}\u{202e}{long}");
        archive(number, &package, &format!("/{package}"), 1_000_000, &[])
    });
    let html = render_of(&scan(outputs.collect()));
    assert!(html.len() < 2_000_000, "{}", html.len());
    assert_eq!(unbalanced(&html), None);
    assert!(!html.contains("<img") && !html.contains('\u{202e}'));
    assert!(html.contains("{{rows}}"), "what is put in is not looked at again");
}
