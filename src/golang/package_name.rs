//! The package that a name in Go's linker belongs to.

/// Returns the import path of the package of a function or variable, such as `example.com/a.b` of
/// `example.com/a%2eb.(*T).M`; `None` for what the linker or C named.
///
/// The main package is `main` here, wherever it is. In the last element of a path a dot is written as
/// `%2e`, so that the first one after the last slash ends the path. Instantiations hold the names of
/// their types in brackets.
///
/// Source: `PathToPrefix` in `cmd/internal/objabi/path.go`, Go 1.26.
#[must_use]
pub fn package_of(symbol: &str) -> Option<String> {
    let name = symbol.split('[').next().unwrap_or_default();
    if ["go:", "go.", "type:", "type."].iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let last = name.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    let dot = name.get(last..)?.find('.')?;
    let path = name.get(..last.saturating_add(dot))?;
    (!path.is_empty()).then(|| unescaped(path))
}

/// Whether a package is of the standard library: its path has no dot in the first element.
///
/// Source: `IsStandardImportPath` in `cmd/go/internal/search/search.go`, Go 1.26. A module may have such a
/// path too, which only its build info tells.
#[must_use]
pub fn is_standard(package: &str) -> bool {
    let first = package.split('/').next().unwrap_or_default();
    package != "main" && !first.contains('.')
}

/// Undoes `%xx`. What is no such mark stays.
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_programs() {
        let of = |name| package_of(name);
        let is = |name: &str| Some(name.to_owned());
        assert_eq!(of("main.main"), is("main"));
        assert_eq!(of("runtime.(*mcache).refill"), is("runtime"));
        assert_eq!(of("gopkg.in/yaml%2ev3.(*Node).Decode-fm"), is("gopkg.in/yaml.v3"));
        assert_eq!(of("example.com/a.b/c.F[go.shape.int]"), is("example.com/a.b/c"));
        assert_eq!(of("slices.SortFunc[go.shape.[]example.com/x/y.T]"), is("slices"));
        assert_eq!(of("type:.eq.example.com/x.T"), None);
        assert_eq!(of("go:buildid"), None);
        assert_eq!(of("_cgo_init"), None);
        assert_eq!(of("example.com/%zz%.F"), is("example.com/%zz%"));
    }

    #[test]
    fn the_standard_library_has_no_dots() {
        assert!(is_standard("net/http"));
        assert!(!is_standard("main"));
        assert!(!is_standard("example.com/net"));
    }
}
