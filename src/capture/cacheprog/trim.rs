//! Deletes from a GOCACHE what was not used for five days, as the go command does at its end.
//!
//! Behind GOCACHEPROG the go command trims nothing, and a cache that is filled through this
//! program alone would grow for ever.
//!
//! Source: `Trim` in `cmd/go/internal/cache/cache.go`, the same from Go 1.21 to 1.27.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Times of files are refreshed when they are older than this.
pub(super) const REFRESH: Duration = Duration::from_secs(60 * 60);
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
const LIMIT: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// Trims, unless that was done within a day.
pub(super) fn trim(dir: &Path, now: SystemTime) {
    let file = dir.join("trim.txt");
    if fs::read_to_string(&file).is_ok_and(|text| is_recent(&text, now)) {
        return;
    }
    // First, so that others who end now do not trim, too.
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if fs::write(&file, seconds.to_string()).is_err() {
        return;
    }
    let Some(cutoff) = now.checked_sub(LIMIT + REFRESH) else { return };
    for number in 0..=u8::MAX {
        trim_folder(&dir.join(format!("{number:02x}")), cutoff);
    }
}

fn is_recent(text: &str, now: SystemTime) -> bool {
    let Ok(seconds) = text.trim().parse() else { return false };
    let Some(last) = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) else { return false };
    match now.duration_since(last) {
        Ok(since) => since < INTERVAL,
        Err(ahead) => ahead.duration() < REFRESH,
    }
}

fn trim_folder(folder: &Path, cutoff: SystemTime) {
    // All names first: to delete may disturb the listing.
    let names: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    for entry in names {
        let name = entry.file_name();
        let is_entry = [&b"-a"[..], b"-d"].iter().any(|end| name.as_encoded_bytes().ends_with(end));
        let Ok(data) = entry.metadata() else { continue };
        if is_entry && data.modified().is_ok_and(|time| time < cutoff) {
            let _ = match data.is_dir() {
                true => fs::remove_dir_all(entry.path()),
                false => fs::remove_file(entry.path()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_is_old_goes_once_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("0a");
        fs::create_dir_all(folder.join("old-d")).unwrap();
        let now = SystemTime::now();
        let days = |days: u64| now - Duration::from_secs(days * 24 * 60 * 60);
        let write = |name: &str, time| {
            let file = File::create(folder.join(name)).unwrap();
            file.set_modified(time).unwrap();
        };
        write("used-a", days(5));
        write("old-a", days(6));
        write("other", days(6));
        File::open(folder.join("old-d")).unwrap().set_modified(days(6)).unwrap();
        let left = || {
            let mut names: Vec<String> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        fs::write(dir.path().join("trim.txt"), seconds(now - INTERVAL / 2).to_string()).unwrap();
        trim(dir.path(), now);
        assert_eq!(left(), ["old-a", "old-d", "other", "used-a"]);
        fs::write(dir.path().join("trim.txt"), seconds(days(2)).to_string()).unwrap();
        trim(dir.path(), now);
        assert_eq!(left(), ["other", "used-a"]);
        let written = fs::read_to_string(dir.path().join("trim.txt")).unwrap();
        assert_eq!(written, seconds(now).to_string());
    }
}
