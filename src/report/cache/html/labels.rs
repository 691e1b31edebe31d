//! Which names fit into the rectangles of a treemap, and where.

use super::squarify::Area;

/// Text of a picture: where its baseline starts, in the units of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) text: String,
}

/// Space between a text and the sides of its rectangle.
const PADDING: f64 = 5.0;
const MODULE: f64 = 11.0;
/// How much wider its bold letters are.
const BOLD: f64 = 1.1;
/// Height of the plate under the name of a module.
const PLATE: f64 = 17.0;
/// From the sides of a module to its plate.
const INSET: f64 = 3.0;

impl Label {
    /// The plate under the name of a module.
    pub(super) fn plate(&self) -> Area {
        Area {
            x: self.x - PADDING,
            y: self.y - 12.5,
            width: width(&self.text, self.size) * BOLD + 2.0 * PADDING,
            height: PLATE,
        }
    }
}

/// Returns the name of a module, as long as it fits.
pub(super) fn of_module(title: &str, bytes: &str, area: Area) -> Option<Label> {
    let short = last_element(title);
    let room = area.width - 2.0 * (PADDING + INSET);
    let path = short.split_once('@').map_or(short, |(path, _)| path);
    let texts = [&format!("{title}  {bytes}"), title, short, path].map(str::to_owned);
    let text = texts.into_iter().find(|text| width(text, MODULE) * BOLD <= room)?;
    let is_high = area.height >= PLATE + 2.0 * INSET;
    is_high.then_some(Label {
        x: area.x + INSET + PADDING,
        y: area.y + INSET + 12.5,
        size: MODULE,
        text,
    })
}

/// Returns the name of a package and its bytes, as far as they fit below the plate of its module.
pub(super) fn of_package(
    names: &[&str],
    bytes: &str,
    area: Area,
    plate: Option<Area>,
) -> Vec<Label> {
    let size = if area.width >= 150.0 && area.height >= 70.0 { 13.0 } else { 11.0 };
    let is_below = plate.is_some_and(|plate| {
        area.x < plate.right() && area.right() > plate.x && area.y < plate.bottom()
    });
    let top = match plate {
        Some(plate) if is_below => plate.bottom().max(area.y),
        _ => area.y,
    };
    let room = area.width - 2.0 * PADDING;
    let mut labels: Vec<Label> = Vec::new();
    let mut bottom = top + 2.0;
    let name = names.iter().find(|name| width(name, size) <= room).copied();
    let lines = name.map(|name| (name, size)).into_iter();
    let lines = lines.chain(name.or(names.is_empty().then_some("")).map(|_| (bytes, 10.5)));
    for (text, size) in lines {
        bottom += size * 1.25;
        if bottom + 2.0 > area.bottom() || width(text, size) > room {
            break;
        }
        labels.push(Label {
            x: area.x + PADDING,
            y: bottom - size * 0.2,
            size,
            text: text.to_owned(),
        });
    }
    labels
}

/// Returns the last element of a path; `x/v2` and `x@v2` of those that end so.
pub(super) fn last_element(path: &str) -> &str {
    let is_major = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
    };
    let mut start = path.len();
    for part in path.rsplit('/') {
        start = start.saturating_sub(part.len());
        let is_telling = part != "…" && !is_major(part);
        if is_telling {
            break;
        }
        start = start.saturating_sub(1);
    }
    path.get(start..).unwrap_or(path)
}

/// Returns how wide a text is in a sans-serif font of that size, rather too wide than too narrow.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let em = |char: char| match char {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
        'f' | 't' | 'r' | '/' | '-' | '(' | ')' | ' ' => 0.43,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 1.0,
        'a'..='z' => 0.64,
        'A'..='Z' => 0.78,
        '0'..='9' | '_' => 0.64,
        _ if char.is_ascii() => 0.84,
        _ => 1.1,
    };
    text.chars().map(em).sum::<f64>() * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_element_tells_what_it_is() {
        for (path, last) in [
            ("fmt", "fmt"),
            ("net/http", "http"),
            ("github.com/go-git/go-git/v5@v5.12.0", "go-git/v5@v5.12.0"),
            ("example.com/demo/…", "demo/…"),
            ("github.com/go-task/task/v3/…", "task/v3/…"),
            ("", ""),
            ("v2/v3", "v2/v3"),
            ("vendor/x", "x"),
        ] {
            assert_eq!(last_element(path), last, "{path}");
        }
    }

    #[test]
    fn a_name_is_left_out_where_it_does_not_fit() {
        let area = |width: f64, height: f64| Area { x: 10.0, y: 20.0, width, height };
        let texts = |area: Area, plate: Option<Area>| -> Vec<String> {
            let labels = of_package(&["net/http", "http"], "1.0 MB", area, plate);
            for label in &labels {
                assert!(
                    label.x >= area.x && label.x + width(&label.text, label.size) <= area.right()
                );
                assert!(label.y - label.size >= area.y && label.y < area.bottom());
            }
            labels.into_iter().map(|label| label.text).collect()
        };
        assert_eq!(texts(area(200.0, 100.0), None), ["net/http", "1.0 MB"]);
        assert_eq!(texts(area(40.0, 20.0), None), ["http"]);
        assert_eq!(texts(area(20.0, 100.0), None), [""; 0]);
        assert_eq!(texts(area(200.0, 10.0), None), [""; 0]);
        let module = of_module("std", "9 MB", area(200.0, 60.0)).unwrap();
        assert_eq!(module.text, "std  9 MB");
        let plate = Some(module.plate());
        assert_eq!(texts(area(200.0, 30.0), plate), [""; 0]);
        assert_eq!(texts(area(200.0, 40.0), plate), ["net/http"]);
        assert_eq!(of_module("std", "9 MB", area(20.0, 60.0)), None);
    }
}
