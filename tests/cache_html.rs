//! The page of `goaudit cache --format html` in a real browser, of a cache that the real go filled.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests run goaudit and go")]

mod browser;
mod edge;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use edge::{Room, code, text};

const FILES: &[(&str, &str)] = &[
    ("go.mod", "module example.com/demo\n\ngo 1.21\n"),
    ("lib/lib.go", "package lib\n\n// One is 1.\nfunc One() int { return 1 }\n"),
    (
        "lib/lib_test.go",
        "package lib\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fail()\n\t}\n}\n",
    ),
    (
        "tools/gen/main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/demo/lib\"\n)\n\nfunc main() { fmt.Println(lib.One()) }\n",
    ),
];

/// The cache of a module that was run, tested with -cover and built for another platform; its
/// page, and its report.
struct Cache {
    room: Room,
    dir: PathBuf,
    page: String,
    report: Value,
}

static CACHE: LazyLock<Cache> = LazyLock::new(|| {
    let room = Room::new(true, FILES);
    let dir = room.path("cache");
    fs::create_dir(&dir).unwrap();
    for (args, goarch) in [
        (&["run", "./tools/gen"][..], "amd64"),
        (&["test", "-cover", "./lib"], "amd64"),
        (&["build", "./tools/gen"], "386"),
    ] {
        let mut go = room.command("go", &room.m());
        let output = go
            .args(args)
            .env("GOCACHE", &dir)
            .env("GOARCH", goarch)
            .env("CGO_ENABLED", "0")
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    }
    // Of three days ago, and of six.
    for (folder, days) in [("00", 3), ("01", 6)] {
        for file in fs::read_dir(dir.join(folder)).unwrap() {
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60 + 600);
            fs::File::open(file.unwrap().path()).unwrap().set_modified(then).unwrap();
        }
    }
    let page = page_of(&room, &dir);
    let report = room.goaudit(&["cache", "--format=json", dir.to_str().unwrap()]);
    let report = serde_json::from_slice(&report.stdout).unwrap();
    Cache { room, dir, page, report }
});

fn page_of(room: &Room, dir: &Path) -> String {
    let file = room.path("out/cache.html");
    let (dir, to) = (dir.to_str().unwrap(), file.to_str().unwrap());
    let output = room.goaudit(&["cache", "--format", "html", "-o", to, dir]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    fs::read_to_string(file).unwrap()
}

/// What the steps of all tests here use.
const HELPERS: &str = r##"
const picture = [...document.querySelectorAll("#pictures .map")].find((one) => one.getBoundingClientRect().width > 0);
const drawn = () => [...picture.querySelectorAll(".tile")];
const left = () => rows.filter((row) => !row.hidden);
const sum = (list) => list.reduce((sum, row) => sum + Number(row.dataset.bytes), 0);
const key = (name) => picture.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
"##;

fn opened(page: &str, width: u32, steps: &str) -> Value {
    let (result, trouble) = browser::open(page, width, &format!("{HELPERS}{steps}"));
    assert_eq!(trouble, [""; 0]);
    result
}

#[test]
fn the_treemap_and_its_table_hold_every_byte() {
    let result = opened(
        &CACHE.page,
        1280,
        r##"
        const view = picture.viewBox.baseVal;
        const at = (tile, name) => Number(tile.getAttribute(name));
        const area = drawn().reduce((sum, tile) => sum + at(tile, "width") * at(tile, "height"), 0);
        const numbers = drawn().map((tile) => Number(tile.dataset.i));
        const worst = Math.max(...drawn().map((tile) => {
          const expected = Number(rows[tile.dataset.i].dataset.bytes) / total * view.width * view.height;
          return Math.abs(at(tile, "width") * at(tile, "height") - expected) / Math.max(expected, 20);
        }));
        // A rectangle is where it is drawn.
        const boxes = drawn().map((tile) => tile.getBoundingClientRect());
        const overlaps = boxes.filter((one, a) => boxes.some((other, b) => a < b
          && Math.min(one.right, other.right) - Math.max(one.left, other.left) > .2
          && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > .2)).length;
        return {
          total, tiles: sum(numbers.map((number) => rows[number])), rows: sum(rows), once: new Set(numbers).size === numbers.length,
          filled: area / (view.width * view.height), worst, overlaps,
          files: rows.reduce((sum, row) => sum + Number(row.dataset.files), 0),
          kinds: Object.fromEntries([...document.querySelectorAll(".by-kind li")].map((item) => [item.dataset.class.slice(2), sum(rows.filter((row) => row.classList.contains(item.dataset.class)))])),
        };
        "##,
    );
    let bytes = CACHE.report["bytes"].as_u64().unwrap();
    for what in ["total", "tiles", "rows"] {
        assert_eq!(result[what], bytes, "{what}");
    }
    assert_eq!(result["files"], CACHE.report["files"]);
    assert_eq!((&result["once"], &result["overlaps"]), (&json!(true), &json!(0)));
    assert!((result["filled"].as_f64().unwrap() - 1.0).abs() < 1e-3, "{result}");
    assert!(result["worst"].as_f64().unwrap() < 0.02, "{result}");
    for (kind, bytes) in result["kinds"].as_object().unwrap() {
        assert_eq!(*bytes, CACHE.report["kinds"][kind]["bytes"], "{kind}");
    }
}

#[test]
fn sets_and_ages_are_those_of_the_report() {
    let result = opened(
        &CACHE.page,
        1280,
        r##"
        return {
          sets: [...document.querySelectorAll(".sets li")].map((set) => set.textContent),
          modules: [...new Set(rows.map((row) => cell(row, "module")))],
          unnamed: rows.filter((row) => cell(row, "package").startsWith("(")).length,
          tools: [...document.querySelectorAll("#executables tbody th")].map((tool) => tool.textContent),
          forecast: text(".forecast"),
          bars: document.querySelectorAll(".ages rect:not(.due)").length,
          ages: [...document.querySelectorAll("#ages-table tbody th")].map((row) => row.textContent),
        };
        "##,
    );
    let sets = CACHE.report["sets"].as_array().unwrap();
    assert_eq!(result["sets"].as_array().unwrap().len(), sets.len());
    for (shown, set) in result["sets"].as_array().unwrap().iter().zip(sets) {
        let word = |field: &str| set[field].as_str().unwrap();
        let shown = shown.as_str().unwrap();
        for part in ["go_version", "goarch", "instrumentation"] {
            assert!(shown.contains(word(part)), "{part} of {set} in {shown}");
        }
    }
    let modules = result["modules"].as_array().unwrap();
    for module in ["std", "example.com/demo/…", "of no package"] {
        assert!(modules.contains(&json!(module)), "{module}: {modules:?}");
    }
    // An archive of 386 notes no flags, and is named all the same.
    assert_eq!(result["unnamed"], 0);
    assert_eq!(result["tools"], json!(["example.com/demo/tools/gen"]));
    assert!(result["bars"].as_u64().unwrap() >= 3, "{result}");
    assert_eq!(result["ages"], json!(["within a day", "3 to 4 days ago", "more than 5 days ago"]));
    assert!(result["forecast"].as_str().unwrap().contains("not used for 5 days"), "{result}");
}

#[test]
fn colours_filter_and_order_say_what_they_leave() {
    let result = opened(
        &CACHE.page,
        1280,
        r##"
        const colour = (tile) => getComputedStyle(tile).fill;
        const byKind = drawn().map(colour);
        click("#by-set");
        const bySet = drawn().map(colour);
        const legends = [...document.querySelectorAll("#map .legend")].filter((one) => one.getBoundingClientRect().height > 0).map((one) => one.dataset.legend);
        click("#by-kind");
        const again = drawn().map(colour);
        type("example.com demo LIB");
        const found = left().map((row) => cell(row, "package"));
        const faded = drawn().filter((tile) => !tile.classList.contains("faded")).length;
        const said = text("#count");
        type("no such package");
        const none = left().length;
        click("#clear");
        const all = left().length;
        click(".by-kind [data-pick='k-executable']");
        const kinds = [...new Set(left().map((row) => cell(row, "kind")))];
        const executables = sum(left());
        click("#by-age");
        const afterwards = left().length;
        click("[data-sort='package'] button");
        const names = [...document.querySelectorAll("#rows tr")].map((row) => cell(row, "package"));
        click("[data-sort='bytes'] button");
        const sizes = [...document.querySelectorAll("#rows tr")].map((row) => Number(row.dataset.bytes));
        return { kinds, byKind: new Set(byKind).size, bySet: new Set(bySet).size, same: byKind.join() === again.join(), legends, found: [...new Set(found)], rows: found.length, faded, said, none, all, every: rows.length, executables, afterwards, names, sizes };
        "##,
    );
    assert!(result["byKind"].as_u64().unwrap() >= 4, "{result}");
    assert!(result["bySet"].as_u64().unwrap() >= 3, "{result}");
    assert_eq!((&result["same"], &result["legends"]), (&json!(true), &json!(["set"])));
    assert_eq!(result["found"], json!(["example.com/demo/lib"]));
    assert_eq!(result["faded"], result["rows"]);
    assert!(result["said"].as_str().unwrap().contains(" of "), "{result}");
    assert_eq!((&result["none"], &result["all"]), (&json!(0), &result["every"]));
    assert_eq!(result["kinds"], json!(["executables"]));
    assert_eq!(result["executables"], CACHE.report["kinds"]["executable"]["bytes"]);
    assert_eq!(result["afterwards"], result["every"]);
    let names: Vec<String> = serde_json::from_value(result["names"].clone()).unwrap();
    let sizes: Vec<u64> = serde_json::from_value(result["sizes"].clone()).unwrap();
    assert!(names.is_sorted() && sizes.iter().rev().is_sorted());
}

#[test]
fn a_tile_is_reached_by_pointer_and_keys() {
    let result = opened(
        &CACHE.page,
        1280,
        r##"
        const [first] = drawn().filter((tile) => tile.dataset.i === "0");
        const box = first.getBoundingClientRect();
        first.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.left + 5, clientY: box.top + 5 }));
        const tip = text("#tip");
        picture.dispatchEvent(new FocusEvent("focus"));
        const start = text("#tile");
        const seen = new Set();
        for (const name of ["ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "End", "Home"]) { key(name); seen.add(text("#tile")); }
        const home = text("#tile");
        key("Enter");
        const modules = [...new Set(left().map((row) => cell(row, "module")))];
        key("Escape");
        return { row: cell(rows[0], "package"), bytes: cell(rows[0], "bytes"), tip, start, home, seen: seen.size, tabindex: picture.getAttribute("tabindex"), modules, module: cell(rows[0], "module"), all: left().length === rows.length };
        "##,
    );
    let text = |key: &str| result[key].as_str().unwrap().to_owned();
    for said in ["tip", "start", "home"] {
        assert!(
            text(said).starts_with(&text("row")) && text(said).contains(&text("bytes")),
            "{result}"
        );
    }
    assert!(result["seen"].as_u64().unwrap() >= 4, "{result}");
    assert_eq!((&result["tabindex"], &result["all"]), (&json!("0"), &json!(true)));
    assert_eq!(result["modules"], json!([text("module")]));
}

/// Names are cut off by no rectangle, at any width; and nothing is wider than the window.
#[test]
fn labels_fit_and_nothing_is_wider_than_the_window() {
    for width in [360, 760, 1280] {
        let result = opened(
            &CACHE.page,
            width,
            r##"
            document.querySelectorAll("details").forEach((one) => { one.open = true; });
            click("#by-age");
            await wait();
            const frame = picture.getBoundingClientRect();
            const outside = [...picture.querySelectorAll("text")].filter((label) => {
              const box = label.getBoundingClientRect();
              return box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.left < frame.left;
            });
            // Two labels are never over each other.
            const boxes = [...picture.querySelectorAll("text")].map((label) => label.getBoundingClientRect());
            const scale = frame.width / picture.viewBox.baseVal.width;
            const over = boxes.filter((one, a) => boxes.some((other, b) => a < b
              && Math.min(one.right, other.right) - Math.max(one.left, other.left) > scale
              && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4 * scale)).length;
            const plates = [...picture.querySelectorAll("text.module")];
            const tight = plates.filter((name) => name.getComputedTextLength() > name.previousElementSibling.width.baseVal.value - 4);
            const wide = [...document.querySelectorAll("body *")].filter((one) => {
              const box = one.getBoundingClientRect();
              return box.width > 0 && box.right > innerWidth + 1 && !one.closest(".wide-table table");
            });
            return { labels: boxes.length, outside: outside.map((label) => label.textContent), over, plates: plates.length, tight: tight.length, wide: wide.map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`), page: document.documentElement.scrollWidth };
            "##,
        );
        assert!(result["labels"].as_u64().unwrap() > 10, "{result}");
        assert_eq!((&result["outside"], &result["over"]), (&json!([]), &json!(0)), "{width}");
        assert!(result["plates"].as_u64().unwrap() > 0, "{result}");
        assert_eq!((&result["wide"], &result["tight"]), (&json!([]), &json!(0)), "{width}");
        assert!(result["page"].as_u64().unwrap() <= u64::from(width), "{width}: {result}");
    }
}

#[test]
fn the_pictures_need_no_script() {
    let (before, _) = CACHE.page.rsplit_once("<script>").unwrap();
    let result = browser::open(
        &format!("{before}</body></html>"),
        1280,
        r##"
        const map = document.querySelector(".map.wide");
        const [tile] = map.querySelectorAll(".tile");
        const before = getComputedStyle(tile).fill;
        click("#by-set");
        return { shown: map.getBoundingClientRect().width, title: tile.querySelector("title").textContent, rows: document.querySelectorAll("#rows tr").length, find: document.querySelector("#find").hidden, recoloured: getComputedStyle(tile).fill !== before };
        "##,
    );
    let (result, trouble) = result;
    assert_eq!(trouble, [""; 0]);
    assert!(result["shown"].as_f64().unwrap() > 1000.0, "{result}");
    assert!(result["title"].as_str().unwrap().contains(" MB"), "{result}");
    assert!(result["rows"].as_u64().unwrap() > 50, "{result}");
    assert_eq!((&result["find"], &result["recoloured"]), (&json!(true), &json!(true)));
}

#[test]
fn empty_and_broken_caches_have_a_page() {
    let room = &CACHE.room;
    let empty = room.path("empty-cache");
    fs::create_dir(&empty).unwrap();
    let page = page_of(room, &empty);
    let (result, trouble) = browser::open(
        &page,
        360,
        r##"return { title: text("h1"), map: document.querySelector("#map") };"##,
    );
    assert_eq!(trouble, [""; 0]);
    assert_eq!(result, json!({"title": "The cache is empty", "map": null}));

    let broken = room.path("broken-cache");
    fs::create_dir_all(broken.join("ab")).unwrap();
    for number in 0..3 {
        fs::write(broken.join(format!("ab/ab{number:062}-a")), "v1 not an entry").unwrap();
    }
    let page = page_of(room, &broken);
    let result = opened(
        &page,
        360,
        r##"return { broken: document.querySelectorAll("#broken tbody tr").length, tiles: drawn().length };"##,
    );
    assert_eq!(result, json!({"broken": 3, "tiles": 1}));
}

#[test]
fn a_page_that_cannot_be_written_is_said_before_the_cache_is_read() {
    let room = &CACHE.room;
    let to = room.path("out/no/such/folder/cache.html");
    let dir = CACHE.dir.to_str().unwrap();
    let output = room.goaudit(&["cache", "--format=html", "-o", to.to_str().unwrap(), dir]);
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("cache.html"), "{}", text(&output.stderr));
}
