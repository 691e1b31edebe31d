//! The page of `goaudit explain --format html` in a real browser.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run goaudit and a browser"
)]

mod browser;

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings");

fn goaudit(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_goaudit"))
        .arg("explain")
        .args(args)
        .current_dir(FIXTURES)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the steps of all tests here use.
const HELPERS: &str = r##"
const tableSize = () => Number(document.querySelector("#table").getAttribute("aria-rowcount")) - 1;
const shown = () => [...document.querySelectorAll("#rows .row")]
  .sort((one, other) => one.getAttribute("aria-rowindex") - other.getAttribute("aria-rowindex"));
const cells = (kind) => shown().map((row) => row.querySelector(`.${kind}`).textContent);
"##;

fn open(page: &str, width: u32, steps: &str) -> (Value, Vec<String>) {
    browser::open(page, width, &format!("{HELPERS}{steps}"))
}

/// As [`open`], where nothing may go wrong.
fn opened(page: &str, steps: &str) -> Value {
    let (result, trouble) = open(page, 1280, steps);
    assert_eq!(trouble, [""; 0]);
    result
}

fn leaky(format: &str) -> String {
    goaudit(&["--format", format, "leaky-first.goaudit", "leaky-second.goaudit"])
}

#[test]
fn a_click_on_a_cause_leaves_its_actions() {
    let report: Value = serde_json::from_str(&leaky("json")).unwrap();
    let reached: Vec<&Value> =
        report["causes"].as_array().unwrap().iter().map(|cause| &cause["reach_total"]).collect();
    let result = opened(
        &leaky("html"),
        r##"
        const buttons = [...document.querySelectorAll("[data-cause]")];
        const before = tableSize();
        const after = buttons.map((button, cause) => {
          button.click();
          const marked = shown().filter((row) => [...row.querySelectorAll(".causes span")].some((mark) => mark.textContent === `${cause + 1}`));
          const picked = document.querySelectorAll("#flow-figure .picked.band").length > 0;
          return { size: tableSize(), drawn: shown().length, marked: marked.length, pressed: button.getAttribute("aria-pressed"), picked };
        });
        const selection = text("#selection");
        click("#clear");
        return { before, after, selection, cleared: tableSize(), hidden: document.querySelector("#selection").hidden };
        "##,
    );
    let actions = report["second"]["actions"].as_u64().unwrap();
    assert_eq!(result["before"], actions);
    assert_eq!(result["after"].as_array().unwrap().len(), reached.len());
    for (after, reach) in result["after"].as_array().unwrap().iter().zip(reached) {
        assert_eq!(
            *after,
            json!({"size": reach, "drawn": reach, "marked": reach, "pressed": "true", "picked": true})
        );
    }
    assert!(result["selection"].as_str().unwrap().contains("1 action"), "{result}");
    assert_eq!((&result["cleared"], &result["hidden"]), (&json!(actions), &json!(true)));
}

#[test]
fn search_filter_and_order_say_what_they_leave() {
    let result = opened(
        &leaky("html"),
        r##"
        type("LEAKY greet");
        const found = cells("package");
        type("leaky link");
        const links = cells("kind");
        type("no such package");
        const none = { size: tableSize(), said: text("#rows") };
        type("");
        click("#columns .package button");
        const ascending = cells("package");
        click("#columns .package button");
        const descending = cells("package");
        click("#columns .cpu button");
        const seconds = shown().map((row) => data.rows[row.dataset.row].cpu);
        click("[data-outcome]");
        return { found, links, none, ascending, descending, seconds, outcome: new Set(cells("outcome")).size, count: text("#count") };
        "##,
    );
    assert_eq!(result["found"], json!(["example.com/leaky/internal/greet"]));
    assert_eq!(result["links"], json!(["link"]));
    assert_eq!(result["none"], json!({"size": 0, "said": "No action is like that."}));
    let names = |key: &str| -> Vec<String> { serde_json::from_value(result[key].clone()).unwrap() };
    let (ascending, descending) = (names("ascending"), names("descending"));
    assert!(ascending.len() > 10 && ascending.is_sorted());
    assert!(descending.iter().rev().is_sorted() && descending[0] > ascending[0]);
    let seconds: Vec<u64> = serde_json::from_value(result["seconds"].clone()).unwrap();
    assert!(seconds.iter().rev().is_sorted() && seconds[0] > 0);
    assert_eq!(result["outcome"], 1);
    assert!(result["count"].as_str().unwrap().contains(" of 65 actions"), "{result}");
}

#[test]
fn a_row_shows_its_own_inputs_and_the_way_to_its_cause() {
    let result = opened(
        &leaky("html"),
        r##"
        type("build example.com/leaky/cmd/leaky");
        click("#rows .row");
        const root = text("#details");
        type("link");
        click("#rows .row");
        const follower = text("#details");
        click("#details .link");
        const followed = text("#details h3");
        document.querySelector("#scroller").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
        return { root, follower, followed, closed: document.querySelector("#details").hidden };
        "##,
    );
    let text = |key: &str| result[key].as_str().unwrap().to_owned();
    assert!(text("root").contains("What differs in its own inputs"), "{result}");
    assert!(text("root").contains("/another-directory-for-the-rebuild/"), "{result}");
    assert!(text("follower").contains("Follows from cause"), "{result}");
    assert!(text("followed").starts_with("build example.com/leaky"), "{result}");
    assert_eq!(result["closed"], true);
}

#[test]
fn the_timeline_names_what_is_under_the_pointer() {
    let result = opened(
        &leaky("html"),
        r##"
        const canvas = document.querySelector("#timeline-canvas");
        const at = (type, [lane, start, end]) => {
          const box = canvas.getBoundingClientRect();
          const longest = Math.max(...data.timeline[timeline.side].map((span) => span[2]));
          const clientX = box.left + (box.width * (start + end)) / 2 / longest;
          canvas.dispatchEvent(new PointerEvent(type, { clientX, clientY: box.top + AXIS + (lane + .5) * LANE }));
        };
        const longest = () => data.timeline[timeline.side].toSorted((a, b) => (b[2] - b[1]) - (a[2] - a[1]))[0];
        const sides = [...document.querySelectorAll("#timeline-sides button")].map((side) => {
          side.click();
          const span = longest();
          at("pointermove", span);
          const pixels = canvas.getContext("2d").getImageData(0, AXIS, canvas.width, canvas.height - AXIS).data;
          return { named: text("#tip").startsWith(nameOf(data.rows[span[3]])), painted: pixels.some((value) => value > 0), note: text("#timeline-note") };
        });
        const span = longest();
        at("pointerup", span);
        const details = text("#details h3") === nameOf(data.rows[span[3]]);
        const slider = document.querySelector("#timeline-shortest");
        slider.value = 100;
        slider.dispatchEvent(new Event("input"));
        return { sides, details, note: text("#timeline-note") };
        "##,
    );
    for (at, side) in ["first", "second"].into_iter().enumerate() {
        let shown = &result["sides"][at];
        assert_eq!((&shown["named"], &shown["painted"]), (&json!(true), &json!(true)), "{result}");
        assert!(shown["note"].as_str().unwrap().contains(&format!("of the {side} build")));
    }
    assert_eq!(result["details"], true);
    assert!(result["note"].as_str().unwrap().contains("shorter ones hidden"), "{result}");
}

/// A hash log as go prints it, of packages without dependencies; those of `edited` have another file.
fn log(packages: &[String], edited: &[usize]) -> String {
    let mut log = String::new();
    for (index, package) in packages.iter().enumerate() {
        let id = if edited.contains(&index) { "BBBB" } else { "AAAA" };
        let mut hash = Sha256::new();
        let _ = writeln!(log, "HASH[build {package}]");
        let mut write = |input: &str| {
            hash.update(input);
            let quoted = input.replace('\n', "\\n");
            let _ = writeln!(log, "HASH[build {package}]: \"{quoted}\"");
        };
        write("go1.26.8");
        write("compile\n");
        write(&format!("file number{index}.go {}\n", id.repeat(5)));
        let sum = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(log, "HASH[build {package}]: {sum}");
    }
    log
}

fn page_of(dir: &Path, packages: &[String], edited: &[usize]) -> String {
    let [first, second] = [("first.log", &[][..]), ("second.log", edited)].map(|(name, edited)| {
        let file = dir.join(name);
        fs::write(&file, log(packages, edited)).unwrap();
        file.to_str().unwrap().to_owned()
    });
    goaudit(&["--format", "html", &first, &second])
}

#[test]
fn a_hostile_name_is_text() {
    let names = [
        "x.org/</script><img/src=x/onerror=document.title='broken'>",
        "x.org/<svg/onload=document.title='broken'>",
        "x.org/\u{202e}gpj.exe",
        "x.org/{{script}}\"'`&amp;<!--<script>",
    ];
    let packages = names.map(str::to_owned);
    let dir = tempfile::tempdir().unwrap();
    let page = page_of(dir.path(), &packages, &[0, 1, 2, 3]);
    let result = opened(
        &page,
        r##"
        document.querySelectorAll("[data-cause]").forEach((button) => button.click());
        click("#clear");
        const packages = cells("package").sort();
        shown().forEach((row) => row.click());
        await wait();
        return { packages, title: document.title, images: document.images.length, scripts: document.scripts.length };
        "##,
    );
    let mut expected = packages.map(|name| name.replace('\u{202e}', "\\u{202e}"));
    expected.sort();
    assert_eq!(result["packages"], json!(expected));
    assert!(result["title"].as_str().unwrap().contains("4 causes"), "{result}");
    // The data and the script of the page, and the two of this test.
    assert_eq!((&result["images"], &result["scripts"]), (&json!(0), &json!(4)));
}

#[test]
fn ten_thousand_actions_are_a_few_rows_in_the_document() {
    let packages: Vec<String> =
        (0..10_000).map(|number| format!("example.com/many/p{number:05}")).collect();
    let dir = tempfile::tempdir().unwrap();
    let page = page_of(dir.path(), &packages, &[17, 4_000]);
    let result = opened(
        &page,
        r##"
        const rows = shown().length;
        const scroller = document.querySelector("#scroller");
        scroller.scrollTop = scroller.scrollHeight;
        // A browser sends this with its next frame, which may be long after any time waited here.
        scroller.dispatchEvent(new Event("scroll"));
        const last = cells("package").at(-1);
        const rowsAtTheEnd = shown().length;
        type("p04000");
        const found = cells("package");
        type("");
        click("[data-cause='0']");
        return { rows, last, rowsAtTheEnd, found, ofCause: tableSize(), everything: document.querySelectorAll("*").length };
        "##,
    );
    let rows = |key: &str| result[key].as_u64().unwrap();
    assert!((10..100).contains(&rows("rows")), "{result}");
    assert!((10..100).contains(&rows("rowsAtTheEnd")), "{result}");
    assert!(rows("everything") < 2_000, "{result}");
    assert_eq!(result["last"], "example.com/many/p09999");
    assert_eq!(result["found"], json!(["example.com/many/p04000"]));
    assert_eq!(result["ofCause"], 1);
}

/// What a hostile text would do, were it ever to run.
#[test]
fn the_page_may_not_ask_for_anything() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let steps = r##"
        await fetch("http://ADDRESS/").catch(() => {});
        const image = document.createElement("img");
        image.src = "http://ADDRESS/x.png";
        const script = document.createElement("script");
        script.textContent = "trouble.push('ran')";
        document.body.append(image, script);
        document.body.setAttribute("onclick", "trouble.push('ran')");
        document.body.click();
        await wait();
        "##;
    let address = server.local_addr().unwrap().to_string();
    let (_, trouble) = open(&leaky("html"), 1280, &steps.replace("ADDRESS", &address));
    for directive in ["connect-src", "img-src", "script-src-elem", "script-src-attr"] {
        assert!(trouble.contains(&format!("policy: {directive}")), "{directive}: {trouble:?}");
    }
    assert!(!trouble.contains(&"ran".to_owned()), "{trouble:?}");
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// No width makes the page wider than its window, with everything open.
#[test]
fn nothing_is_wider_than_the_window() {
    let page = leaky("html");
    for width in [360, 700, 1000, 1280] {
        let (wide, trouble) = open(
            &page,
            width,
            r##"
            click("[data-cause]");
            click("#rows .row");
            await wait();
            const over = [...document.querySelectorAll("body *")].filter((one) => {
              const box = one.getBoundingClientRect();
              // Cells and the line of what is picked cut off what is longer.
              const cut = one.parentElement.closest("#rows .row, .selection p");
              return box.width > 0 && box.right > innerWidth + 1 && !cut;
            });
            return { innerWidth, page: document.documentElement.scrollWidth, over: over.map((one) => `${one.tagName} ${one.className} ${one.textContent}`) };
            "##,
        );
        assert_eq!(trouble, [""; 0]);
        assert_eq!((&wide["innerWidth"], &wide["over"]), (&json!(width), &json!([])));
        assert!(wide["page"].as_u64().unwrap() <= u64::from(width), "{wide}");
    }
}
