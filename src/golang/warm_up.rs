//! The command that leaves in the cache what another one compiles, and does nothing else.

use crate::golang::flags::{Flag, GoCommand, Origin};

/// Flags that say what a command does with what it compiled. No key holds them.
const OF_THE_RUN: &[&str] = &[
    "a",
    "artifacts",
    "bench",
    "benchmem",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "c",
    "count",
    "cpu",
    "cpuprofile",
    "exec",
    "failfast",
    "fullpath",
    "fuzzminimizetime",
    "fuzztime",
    "i",
    "json",
    "list",
    "memprofile",
    "memprofilerate",
    "mutexprofile",
    "mutexprofilefraction",
    "n",
    "o",
    "outputdir",
    "parallel",
    "run",
    "short",
    "shuffle",
    "skip",
    "testlogfile",
    "timeout",
    "trace",
    "v",
    "work",
    "x",
];

/// Returns the arguments after `go` of the command that warms the cache for `command` and writes
/// no file. `None` for a verb that compiles nothing of its own.
///
/// `go test` runs no test, `go run` starts `true` in place of the program. A build goes to
/// `/dev/null`, which the go command knows: it compiles and links, and keeps no executable.
#[must_use]
pub fn of(command: &GoCommand) -> Option<Vec<String>> {
    let typed = command.flags.iter().filter(|flag| flag.origin == Origin::CommandLine);
    let kept = typed.filter(|flag| !OF_THE_RUN.contains(&flag.name.as_str()));
    let mut args = Vec::new();
    match command.verb.as_str() {
        "test" => {
            args.push("test".to_owned());
            args.extend(kept.filter(|flag| flag.name != "coverprofile").map(word));
            let covers = |name: &str| command.flag(name).is_some();
            if covers("coverprofile")
                && !["cover", "covermode", "coverpkg"].map(covers).contains(&true)
            {
                args.push("-cover".to_owned());
            }
            // A fuzz test that is not run must be compiled for fuzzing all the same.
            match command.flag("fuzz") {
                Some(_) => args.extend(["-c", "-o", "/dev/null"].map(str::to_owned)),
                None => args.push("-run=^$".to_owned()),
            }
            args.extend(command.packages.iter().cloned());
        }
        "build" | "install" => {
            args.push("build".to_owned());
            args.extend(kept.map(word));
            args.extend(["-o", "/dev/null"].map(str::to_owned));
            args.extend(command.packages.iter().cloned());
        }
        "run" => {
            args.push("run".to_owned());
            args.extend(kept.map(word));
            args.push("-exec=true".to_owned());
            let files = command.packages.iter().take_while(|word| word.ends_with(".go")).count();
            args.extend(command.packages.iter().take(files.max(1)).cloned());
        }
        "vet" | "list" => {
            let wanted = |flag: &&Flag| command.verb == "list" || flag.name != "json";
            args.push(command.verb.clone());
            let typed = command.flags.iter().filter(|flag| flag.origin == Origin::CommandLine);
            args.extend(typed.filter(wanted).map(word));
            args.extend(command.packages.iter().cloned());
        }
        _ => return None,
    }
    // The go command wants it first.
    if let Some(at) = args.iter().position(|word| word.starts_with("-C=")) {
        let dir = args.remove(at);
        args.insert(1, dir);
    }
    Some(args)
}

fn word(flag: &Flag) -> String {
    match &flag.value {
        Some(value) => format!("-{}={value}", flag.name),
        None => format!("-{}", flag.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_stays_and_what_is_done_with_it_goes() {
        let cases = [
            ("test -cover -v -count=1 ./...", "test -cover -run=^$ ./..."),
            ("test -coverprofile c.out -timeout 5m ./...", "test -cover -run=^$ ./..."),
            ("test -coverprofile=c.out -covermode=atomic .", "test -covermode=atomic -run=^$ ."),
            ("test -c -o x.test -race ./p", "test -race -run=^$ ./p"),
            ("test -tags a,b ./... -args -race", "test -tags=a,b -run=^$ ./..."),
            ("test -fuzz=F -fuzztime=1s ./p", "test -fuzz=F -c -o /dev/null ./p"),
            ("build -o bin/ -trimpath ./cmd/...", "build -trimpath -o /dev/null ./cmd/..."),
            ("install -ldflags=-s ./cmd/x", "build -ldflags=-s -o /dev/null ./cmd/x"),
            ("run -race ./cmd/x --flag arg", "run -race -exec=true ./cmd/x"),
            ("run a.go b.go c", "run -exec=true a.go b.go"),
            ("vet -json ./...", "vet ./..."),
            ("build -C sub ./...", "build -C=sub -o /dev/null ./..."),
        ];
        for (from, to) in cases {
            let args: Vec<String> = from.split(' ').map(str::to_owned).collect();
            let warm = of(&GoCommand::parse(&args, "-v")).unwrap().join(" ");
            assert_eq!(warm, to, "{from}");
        }
        assert_eq!(of(&GoCommand::parse(&["generate".to_owned()], "")), None);
    }
}
