//! Lists of checksums, which differ wherever the files they list do.

use indexmap::IndexMap;

/// Lengths in hex of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512.
const LENGTHS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// Endings of lists, and of files with the checksum of the one file they are named after.
const ENDINGS: [&str; 9] = [
    ".sha256",
    ".sha512",
    ".sha1",
    ".sha384",
    ".sha224",
    ".md5",
    ".sha256sum",
    ".sha512sum",
    ".md5sum",
];

/// Tells whether two lists of checksums differ only because files that they list do.
///
/// `name` is that of the lists. `differs` says whether there is a difference in
/// a member of that name, as a line has it; a member of one side alone differs.
/// A comment that differs, another order of lines or another form is no echo.
#[must_use]
pub fn is_checksums(
    name: &str,
    first: &[u8],
    second: &[u8],
    differs: impl Fn(&str) -> bool,
) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let Some((first, second)) = parse(file, first).zip(parse(file, second)) else { return false };
    let shared =
        |list: &IndexMap<&'_ str, &'_ str>, other: &IndexMap<&'_ str, &'_ str>| -> Vec<String> {
            list.keys()
                .filter(|file| other.contains_key(**file))
                .map(|file| (*file).to_owned())
                .collect()
        };
    if shared(&first, &second) != shared(&second, &first) {
        return false;
    }
    let changed: Vec<&str> = first
        .iter()
        .filter(|(file, sum)| second.get(*file) != Some(*sum))
        .chain(second.iter().filter(|(file, _)| !first.contains_key(*file)))
        .map(|(file, _)| *file)
        .collect();
    !changed.is_empty() && changed.into_iter().all(differs)
}

/// Reads sums by file; `None` for what is no such list.
fn parse<'a>(name: &'a str, content: &'a [u8]) -> Option<IndexMap<&'a str, &'a str>> {
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    if stem.is_none() && !names_a_list(name) {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut sums = IndexMap::new();
    for line in lines {
        let (file, sum) = parse_line(line, stem)?;
        // Two algorithms give two lines a file: one that differs is enough.
        sums.entry(file).or_insert(sum);
    }
    (!sums.is_empty()).then_some(sums)
}

fn names_a_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["checksum", "sha256sum", "sha512sum", "sha1sum", "md5sum", "shasum"]
        .iter()
        .any(|word| name.contains(word))
}

fn parse_line<'a>(line: &'a str, stem: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    // BSD: `SHA256 (name) = hex`.
    if let Some((before, sum)) = line.rsplit_once(") = ") {
        let (_, file) = before.split_once(" (")?;
        return is_sum(sum).then_some((file, sum));
    }
    let Some((sum, file)) = line.split_once([' ', '\t']) else {
        // The sum alone, in a file named after the one that it is of.
        return is_sum(line).then_some((stem?, line));
    };
    // One more space for text, `*` for binary.
    let file = file.trim_start_matches([' ', '\t']);
    let file = file.strip_prefix('*').unwrap_or(file);
    is_sum(sum).then_some((file.strip_prefix("./").unwrap_or(file), sum))
}

fn is_sum(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const B: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn list(app: &str, doc: &str) -> Vec<u8> {
        format!("{app}  app.tar.gz\n{doc} *./doc.zip\n").into_bytes()
    }

    #[test]
    fn a_list_echoes_the_files_that_differ() {
        let (first, second) = (list(A, A), list(B, A));
        assert!(is_checksums("dist/checksums.txt", &first, &second, |name| name == "app.tar.gz"));
        // The list says that a file differs which does not: that is no echo.
        assert!(!is_checksums("checksums.txt", &first, &second, |_| false));
        assert!(!is_checksums("checksums.txt", &first, &list(B, B), |name| name == "app.tar.gz"));
        assert!(!is_checksums("checksums.txt", &first, &first, |_| true));
    }

    #[test]
    fn other_files_are_no_lists() {
        let (first, second) = (list(A, A), list(B, A));
        assert!(!is_checksums("notes.txt", &first, &second, |_| true));
        assert!(!is_checksums("checksums.txt", b"hello\n", b"world\n", |_| true));
        assert!(!is_checksums("checksums.txt", b"", b"\xff", |_| true));
    }

    #[test]
    fn a_sum_alone_is_of_the_file_its_own_is_named_after() {
        let is_app = |name: &str| name == "app.zip";
        assert!(is_checksums("app.zip.sha256", A.as_bytes(), B.as_bytes(), is_app));
        assert!(!is_checksums("doc.zip.sha256", A.as_bytes(), B.as_bytes(), is_app));
    }

    #[test]
    fn the_form_of_bsd_and_files_of_one_side_are_read() {
        let first = format!("SHA256 (app_1.0.zip) = {A}\n");
        let second = format!("SHA256 (app_1.1.zip) = {A}\n");
        let differs = |name: &str| name.starts_with("app_");
        assert!(is_checksums("SHA256SUMS", first.as_bytes(), second.as_bytes(), differs));
    }
}
