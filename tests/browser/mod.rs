//! A page in a real browser.
//!
//! A script is put into a copy of the page: it does what a reader does and
//! writes down what the page then shows. The browser prints the document.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the world and may panic"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Returns a browser that runs without a screen.
fn program() -> PathBuf {
    const NAMES: &[&str] =
        &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    const APPLICATIONS: &[&str] = &[
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .flat_map(|dir| NAMES.iter().map(move |name| dir.join(name)))
        .chain(APPLICATIONS.iter().map(PathBuf::from))
        .find(|file| file.is_file());
    on_path.expect(
        "no browser: install Chromium or Chrome (Debian: apt-get install chromium; macOS: brew install --cask chromium)",
    )
}

/// Notes whatever goes wrong from the first script on.
const WATCH: &str = r##"
const trouble = [];
addEventListener("error", (event) => trouble.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => trouble.push(`rejection: ${event.reason}`));
addEventListener("securitypolicyviolation", (event) => trouble.push(`policy: ${event.violatedDirective}`));
for (const level of ["error", "warn"]) console[level] = (...words) => trouble.push(`${level}: ${words.join(" ")}`);
const click = (selector) => document.querySelector(selector).click();
const text = (selector) => document.querySelector(selector).textContent;
const type = (words) => {
  const search = document.querySelector("#search");
  search.value = words;
  search.dispatchEvent(new Event("input"));
};
const wait = () => new Promise((done) => setTimeout(done, 100));
"##;

/// Opens a page in a frame of this width, runs `steps` in it, and returns what these give and
/// everything that went wrong. A window cannot be as narrow as a telephone, a frame can.
pub(crate) fn open(page: &str, width: u32, steps: &str) -> (Value, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let watch = format!("<head>\n<script nonce=\"test\">{WATCH}</script>");
    let act = ACT.replace("STEPS", steps);
    let (before, after) = page.rsplit_once("</body>").unwrap();
    let page = format!("{before}<script nonce=\"test\">{act}</script></body>{after}")
        .replacen("<head>", &watch, 1)
        .replacen("script-src 'sha256-", "script-src 'nonce-test' 'sha256-", 1);
    fs::write(dir.path().join("page.html"), page).unwrap();
    let frame = dir.path().join("frame.html");
    fs::write(&frame, FRAME.replace("WIDTH", &width.to_string())).unwrap();
    let output = Command::new(program())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--window-size=1400,1000", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("file://{}", frame.display()))
        .output()
        .unwrap();
    let document = String::from_utf8(output.stdout).unwrap();
    let result = document
        .split_once("<pre>")
        .and_then(|(_, rest)| rest.split_once("</pre>"))
        .unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&output.stderr)))
        .0;
    let mut result: Value = serde_json::from_str(result).unwrap();
    let trouble = serde_json::from_value(result["trouble"].take()).unwrap();
    (result["result"].take(), trouble)
}

/// Runs in the page, and tells the frame around it what came of it.
const ACT: &str = r#"(async () => {
  let result;
  try {
    result = await (async () => { STEPS })();
  } catch (error) {
    trouble.push(`thrown: ${error}`);
  }
  await wait();
  for (const request of performance.getEntriesByType("resource")) trouble.push(`request: ${request.name}`);
  parent.postMessage(JSON.stringify({ result, trouble }), "*");
})();"#;

/// Writes the answer so that it is the same as markup.
const FRAME: &str = r#"<!DOCTYPE html>
<body>
<script>
addEventListener("message", (event) => {
  const escaped = event.data.replace(/[<>&\u00a0]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  document.body.append(Object.assign(document.createElement("pre"), { textContent: escaped }));
});
</script>
<iframe src="page.html" width="WIDTH" height="900"></iframe>
"#;
