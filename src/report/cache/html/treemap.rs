//! The treemap as SVG, once for each width of a window, and the table of the same tiles.

use std::fmt::Write as _;

use super::labels::{self, Label};
use super::squarify::{Area, squarify};
use super::tiles::{Module, Package, SETS, Set, Tile, Tiles};
use crate::cache::{ArtifactSet, Inventory};
use crate::report::cache::{ago, grouped, size, title};
use crate::report::page::escape::{Prose, Text, short};

/// A window's width has a class of the style, and a size of the picture.
const LAYOUTS: [(&str, f64, f64); 3] =
    [("wide", 1240.0, 660.0), ("middle", 760.0, 620.0), ("narrow", 380.0, 640.0)];
const DAY: i64 = 24 * 60 * 60;
/// Days since the last use that have a colour of their own.
const AGES: [&str; 6] =
    ["within a day", "1 to 2 days", "2 to 3 days", "3 to 4 days", "4 to 5 days", "5 days or more"];

/// Returns the pictures; tile 7 is row 7 of the table.
pub(super) fn pictures(tiles: &Tiles, cache: &Inventory) -> String {
    let rows = tiles.rows();
    let number = |tile: &Tile| {
        // Tiles are told apart by where they are, not by what they hold.
        rows.iter().position(|(_, _, other)| std::ptr::eq(*other, tile)).unwrap_or_default()
    };
    let numbers: Vec<Vec<Vec<usize>>> = tiles
        .modules
        .iter()
        .map(|module| {
            let packages = module.packages.iter();
            packages.map(|package| package.tiles.iter().map(number).collect()).collect()
        })
        .collect();
    let mut html = String::new();
    for (class, width, height) in LAYOUTS {
        let whole = Area { x: 0.0, y: 0.0, width, height };
        let _ = writeln!(
            html,
            "<svg class=\"map {class}\" viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"Treemap of {} by module and package; the table below says the same\">",
            size(tiles.bytes)
        );
        html.push_str(&Picture::of(tiles, &numbers, whole, cache).svg);
        html.push_str("</svg>\n");
    }
    html
}

/// One treemap while it is drawn, lowest layer first.
struct Picture {
    svg: String,
    /// Outlines of packages, of modules.
    outlines: [String; 2],
    names: Vec<Label>,
    plates: Vec<Label>,
}

impl Picture {
    fn of(tiles: &Tiles, numbers: &[Vec<Vec<usize>>], whole: Area, cache: &Inventory) -> Self {
        let mut picture = Self {
            svg: String::new(),
            outlines: [String::new(), String::new()],
            names: Vec::new(),
            plates: Vec::new(),
        };
        let bytes: Vec<u64> = tiles.modules.iter().map(|module| module.bytes).collect();
        let areas = squarify(&bytes, whole);
        for ((module, area), numbers) in tiles.modules.iter().zip(areas).zip(numbers) {
            picture.module(module, area, numbers, cache);
        }
        let [packages, modules] = &picture.outlines;
        let _ = writeln!(picture.svg, "<path class=\"packages\" d=\"{packages}\"/>");
        let _ = writeln!(picture.svg, "<path class=\"modules\" d=\"{modules}\"/>");
        for label in &picture.names {
            let Label { x, y, size, text } = label;
            let class = match *size {
                size if size > 12.0 => "name large",
                size if size > 10.5 => "name",
                _ => "size",
            };
            let _ = writeln!(
                picture.svg,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                Text(text)
            );
        }
        for label in &picture.plates {
            let Area { x, y, width, height } = label.plate();
            let _ = writeln!(
                picture.svg,
                "<rect class=\"plate\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"3\"/><text class=\"module\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                label.x,
                label.y,
                Text(&label.text)
            );
        }
        picture
    }

    fn module(&mut self, module: &Module, area: Area, numbers: &[Vec<usize>], cache: &Inventory) {
        if area.width <= 0.0 || area.height <= 0.0 {
            return;
        }
        outline(&mut self.outlines[1], area);
        let label = labels::of_module(&module.title, &size(module.bytes), area);
        let plate = label.as_ref().map(Label::plate);
        self.plates.extend(label);
        let bytes: Vec<u64> = module.packages.iter().map(|package| package.bytes).collect();
        let areas = squarify(&bytes, area);
        for ((package, area), numbers) in module.packages.iter().zip(areas).zip(numbers) {
            if area.width <= 0.0 || area.height <= 0.0 {
                continue;
            }
            outline(&mut self.outlines[0], area);
            let within = below(&module.title, &package.title);
            let last = labels::last_element(within);
            let said = size(package.bytes);
            self.names.extend(labels::of_package(&[within, last], &said, area, plate));
            let bytes: Vec<u64> = package.tiles.iter().map(|tile| tile.files.bytes).collect();
            for ((tile, area), number) in
                package.tiles.iter().zip(squarify(&bytes, area)).zip(numbers)
            {
                self.tile(module, package, tile, area, *number, cache);
            }
        }
    }

    fn tile(
        &mut self,
        module: &Module,
        package: &Package,
        tile: &Tile,
        area: Area,
        number: usize,
        cache: &Inventory,
    ) {
        let [left, right] = [area.x, area.right()].map(hundredths);
        let [top, bottom] = [area.y, area.bottom()].map(hundredths);
        if tile.files.bytes == 0 {
            return;
        }
        let _ = writeln!(
            self.svg,
            "<rect class=\"tile {}\" data-i=\"{number}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
            classes(tile, cache),
            Hundredths(left),
            Hundredths(top),
            Hundredths(right - left),
            Hundredths(bottom - top),
            Text(&format!(
                "{}, {}: {}, {}",
                package.title,
                module.title,
                title(tile.kind),
                size(tile.files.bytes)
            ))
        );
    }
}

/// A side of a tile, in hundredths of the unit, so that neighbours meet.
fn hundredths(value: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it saturates, and no picture is that large"
    )]
    let hundredths = (value * 100.0).round() as i64;
    hundredths
}

struct Hundredths(i64);

impl std::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, rest) if rest % 10 == 0 => write!(f, "{whole}.{}", rest / 10),
            (whole, rest) => write!(f, "{whole}.{rest:02}"),
        }
    }
}

fn outline(path: &mut String, area: Area) {
    let [x, right] = [area.x, area.right()].map(|value| Hundredths(hundredths(value)));
    let [y, bottom] = [area.y, area.bottom()].map(|value| Hundredths(hundredths(value)));
    let _ = write!(path, "M{x} {y}H{right}V{bottom}H{x}Z");
}

/// Returns the path of a package below its module, or its last element where it is the module itself.
fn below<'a>(module: &str, package: &'a str) -> &'a str {
    let path = module.rsplit_once('@').map_or(module, |(path, _)| path);
    let path = path.strip_suffix("/…").unwrap_or(path);
    match package.strip_prefix(path).map(|rest| rest.strip_prefix('/')) {
        Some(Some(rest)) => rest,
        _ => package,
    }
}

/// The colours of a tile: by kind, by set, by age.
fn classes(tile: &Tile, cache: &Inventory) -> String {
    format!("k-{} s-{} a-{}", tile.kind, set_class(tile.set), age_class(tile.used, cache))
}

pub(super) fn set_class(set: Set) -> String {
    match set {
        Set::One(index) => index.to_string(),
        Set::Other => "other".to_owned(),
        Set::None => "none".to_owned(),
    }
}

fn age_class(used: Option<i64>, cache: &Inventory) -> String {
    match used {
        None => "none".to_owned(),
        Some(used) => {
            let last = AGES.len() as i64 - 1;
            (cache.now.saturating_sub(used) / DAY).clamp(0, last).to_string()
        }
    }
}

/// Returns what a set is called; with its level where another one differs in that.
pub(super) fn set_name(set: Set, cache: &Inventory) -> String {
    let Set::One(index) = set else {
        return if set == Set::Other { "other sets".to_owned() } else { String::new() };
    };
    let Some(set) = cache.sets.get(index) else { return String::new() };
    let is_alike = |other: &ArtifactSet| {
        (&other.goos, &other.goarch) == (&set.goos, &set.goarch) && other.level != set.level
    };
    let level =
        if cache.sets.iter().any(is_alike) { format!(" {}", set.level) } else { String::new() };
    short(&format!("{} {}/{}{level} {}", set.go_version, set.goos, set.goarch, set.instrumentation))
}

/// Returns the three legends: a colour, what it stands for, its bytes.
pub(super) fn legends(tiles: &Tiles, cache: &Inventory) -> String {
    let mut html = String::new();
    let mut legend = |name: &str, items: Vec<(String, String, u64)>| {
        let _ = writeln!(html, "<ul class=\"legend by-{name}\" data-legend=\"{name}\">");
        for (class, text, bytes) in items.into_iter().filter(|(_, _, bytes)| *bytes > 0) {
            let _ = writeln!(
                html,
                "<li data-class=\"{class}\"><span class=\"swatch {class}\"></span>{} <b>{}</b></li>",
                Text(&text),
                size(bytes)
            );
        }
        html.push_str("</ul>\n");
    };
    let rows = tiles.rows();
    let sum = |is: &dyn Fn(&Tile) -> bool| {
        rows.iter().filter(|(_, _, tile)| is(tile)).map(|(_, _, tile)| tile.files.bytes).sum()
    };
    let mut kinds: Vec<_> = cache
        .kinds
        .iter()
        .map(|kind| (format!("k-{}", kind.name), title(kind.name).to_owned(), kind.tally.bytes))
        .collect();
    kinds.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(*bytes));
    legend("kind", kinds);
    let sets = (0..SETS.min(cache.sets.len())).map(Set::One).chain([Set::Other, Set::None]);
    let sets = sets.map(|set| {
        let name = match set {
            Set::One(_) => set_name(set, cache),
            Set::Other => "other sets, and small parts".to_owned(),
            Set::None => "no compiled package".to_owned(),
        };
        (format!("s-{}", set_class(set)), name, sum(&|tile| tile.set == set))
    });
    legend("set", sets.collect());
    let ages =
        AGES.iter().enumerate().map(|(at, name)| (at.to_string(), format!("used {name} ago")));
    let ages =
        ages.chain([("none".to_owned(), "no time of use".to_owned())]).map(|(class, name)| {
            let bytes = sum(&|tile| age_class(tile.used, cache) == class);
            (format!("a-{class}"), name.replace("within a day ago", "within a day"), bytes)
        });
    legend("age", ages.collect());
    html
}

/// Returns the rows of the table: everything that a tile stands for.
pub(super) fn table(tiles: &Tiles, cache: &Inventory) -> String {
    let mut html = String::new();
    for (module, package, tile) in tiles.rows() {
        let Tile { kind, set, files, used } = *tile;
        let used_ago = used.map_or_else(|| "-".to_owned(), |used| ago(cache, used));
        let _ = writeln!(
            html,
            "<tr class=\"{}\" data-bytes=\"{}\" data-files=\"{}\" data-used=\"{}\"><td class=\"package\">{}</td><td class=\"module\">{}</td><td class=\"kind\"><span class=\"swatch k-{kind}\"></span>{}</td><td class=\"set\">{}</td><td class=\"number files\">{}</td><td class=\"number bytes\">{}</td><td class=\"number share\">{}</td><td class=\"number used\">{used_ago}</td></tr>",
            classes(tile, cache),
            files.bytes,
            files.count,
            used.unwrap_or_default(),
            Text(&package.title),
            Text(&module.title),
            title(kind),
            Prose(&set_name(set, cache)),
            grouped(files.count),
            size(files.bytes),
            Text(&share(files.bytes, tiles.bytes)),
        );
    }
    html
}

/// Returns a part of the whole with a digit after the point.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    match part as f64 * 100.0 / whole as f64 {
        percent if percent >= 9.95 => format!("{percent:.0} %"),
        percent if percent < 0.05 => "< 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}
