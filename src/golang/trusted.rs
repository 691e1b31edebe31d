//! Which recorded flags only change what is built, and neither start a program nor write a file.

/// Flags of the compiler and the assembler that take no value, or one after `=`.
const COMPILER: &[&str] = &[
    "+",
    "B",
    "C",
    "D",
    "E",
    "K",
    "L",
    "N",
    "S",
    "c",
    "complete",
    "dwarf",
    "dwarfbasentries",
    "dwarflocationlists",
    "dynlink",
    "e",
    "h",
    "l",
    "lang",
    "live",
    "m",
    "nolocalimports",
    "p",
    "pack",
    "race",
    "r",
    "shared",
    "smallframes",
    "spectre",
    "std",
    "t",
    "v",
    "w",
    "wb",
];

/// As [`COMPILER`], of the linker.
const LINKER: &[&str] = &[
    "B",
    "H",
    "X",
    "aslr",
    "bindnow",
    "buildid",
    "c",
    "checklinkname",
    "compressdwarf",
    "d",
    "e",
    "f",
    "funcalign",
    "g",
    "h",
    "linkmode",
    "n",
    "race",
    "randlayout",
    "s",
    "v",
    "w",
];

/// Flags of the linker whose value may be the next word.
const LINKER_VALUES: &[&str] = &["B", "H", "X", "buildid", "linkmode", "funcalign", "randlayout"];

/// Returns the first flag in the value of a setting that may do more than change what is built.
///
/// The lists name what is known to be harmless. Everything else is not trusted: `-extld` starts a
/// program, `-cpuprofile` writes a file, `-fplugin` loads code.
#[must_use]
pub fn first_untrusted(setting: &str, value: &str) -> Option<String> {
    // go reads `PATTERN=FLAGS`; the pattern starts with no dash.
    let flags = match (setting, value.split_once('=')) {
        ("-gcflags" | "-asmflags", Some((pattern, flags))) if !pattern.starts_with('-') => flags,
        _ => value,
    };
    let Some(words) = split(flags) else { return Some(value.to_owned()) };
    match setting {
        "-ldflags" => linker(&words),
        "-gcflags" | "-asmflags" => words.into_iter().find(|word| !is_of(word, COMPILER)),
        _ => words.into_iter().find(|word| !is_of_c(word)),
    }
}

fn linker(words: &[String]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.trim_start_matches('-');
        if name == "extldflags" || name.starts_with("extldflags=") {
            let value = match name.split_once('=') {
                Some((_, value)) => Some(value.to_owned()),
                None => words.next().cloned(),
            };
            let untrusted = split(&value.unwrap_or_default())
                .is_none_or(|words| words.iter().any(|word| !is_of_c(word)));
            if untrusted {
                return Some(word.clone());
            }
            continue;
        }
        if !is_of(word, LINKER) {
            return Some(word.clone());
        }
        if LINKER_VALUES.contains(&name) {
            words.next();
        }
    }
    None
}

fn is_of(word: &str, known: &[&str]) -> bool {
    let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
        return false;
    };
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    known.contains(&name)
}

/// Flags of a C compiler that name neither a program nor a file to write.
///
/// Source: `validCompilerFlags` in `security.go` of the `work` package of `cmd/go`, of which this is a part.
fn is_of_c(word: &str) -> bool {
    const WHOLE: &[&str] = &[
        "-g",
        "-s",
        "-w",
        "-static",
        "-static-pie",
        "-static-libgcc",
        "-static-libstdc++",
        "-pie",
        "-no-pie",
        "-pthread",
        "-pipe",
        "-rdynamic",
    ];
    // Each may be followed by anything that holds no comma: `-Wl,-plugin,X` would load code.
    const STARTS: &[&str] = &["-O", "-D", "-U", "-I", "-L", "-l", "-m", "-std=", "-g"];
    const LINK: &[&str] =
        &["-Wl,-z,", "-Wl,--build-id", "-Wl,-O", "-Wl,--as-needed", "-Wl,--no-undefined"];
    let is_plugin = word.contains("plugin") || word.contains("wrapper") || word.contains('@');
    let commas = |word: &str| word.matches(',').count();
    !is_plugin
        && (WHOLE.contains(&word)
            || (STARTS.iter().any(|start| word.starts_with(start)) && commas(word) == 0)
            || (LINK.iter().any(|start| word.starts_with(start)) && commas(word) <= 2)
            || (word.starts_with("-f") && commas(word) == 0 && !word.contains('/'))
            || (word.starts_with("-W") && commas(word) == 0))
}

/// Splits flags as go does: at spaces, where a whole word may stand in quotes.
///
/// Source: `Split` in `cmd/internal/quoted/quoted.go`. `None` where a quote does not end.
fn split(flags: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = flags.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, tail) = match first {
            '\'' | '"' => rest.get(1..)?.split_once(first)?,
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_only_change_what_is_built_are_trusted() {
        for (setting, value) in [
            ("-ldflags", "-s -w -X main.v=1 -X 'main.d=a b' -buildid= -B none"),
            ("-ldflags", "-linkmode external -extldflags '-static -Wl,-z,relro'"),
            ("-ldflags", "-extldflags=-static"),
            ("-gcflags", "all=-N -l"),
            ("-gcflags", "-l=4 -B"),
            ("CGO_CFLAGS", "-g -O2 -DX=1 -fPIC -I/usr/include"),
        ] {
            assert_eq!(first_untrusted(setting, value), None, "{setting}={value}");
        }
    }

    #[test]
    fn what_starts_a_program_or_writes_a_file_is_not() {
        for (setting, value, flag) in [
            ("-ldflags", "-s -extld=/tmp/x", "-extld=/tmp/x"),
            ("-ldflags", "-X -s -extld /tmp/x", "-extld"),
            ("-ldflags", "-o /etc/x", "-o"),
            ("-ldflags", "-extldflags=-fplugin=/tmp/x.so", "-extldflags=-fplugin=/tmp/x.so"),
            ("-ldflags", "-extldflags=-Wl,-z,x,-o,/etc/x", "-extldflags=-Wl,-z,x,-o,/etc/x"),
            ("-ldflags", "-s 'open", "-s 'open"),
            ("-gcflags", "all=-N -cpuprofile=/etc/x", "-cpuprofile=/etc/x"),
            ("-gcflags", "-d=ssa/build/dump=x", "-d=ssa/build/dump=x"),
            ("-asmflags", "-o=/etc/x", "-o=/etc/x"),
            ("CGO_LDFLAGS", "-lm -o x", "-o"),
            ("CGO_CFLAGS", "@/tmp/x", "@/tmp/x"),
            ("CGO_CFLAGS", "-B/tmp", "-B/tmp"),
        ] {
            assert_eq!(first_untrusted(setting, value).as_deref(), Some(flag), "{setting}={value}");
        }
    }
}
