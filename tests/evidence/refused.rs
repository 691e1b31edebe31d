//! What is no evidence, and files that are damaged.

use goaudit::binary::image::Image;
use goaudit::evidence::{Evidence, EvidenceError, compare, is_evidence};

use crate::noise::Noise;
use crate::pairs::TARGETS;
use crate::{built, evidence};

#[test]
fn what_is_no_evidence_is_refused_with_the_reason() {
    let json = evidence(&built(&[], TARGETS[0], &[])).to_json();
    assert!(is_evidence(json.as_bytes()) && json.len() < 100_000, "{}", json.len());
    let error = |text: &str| Evidence::parse(text.as_bytes()).unwrap_err();
    for end in (1..40).map(|part| json.len() * part / 40) {
        let err = error(&json[..end]);
        assert!(matches!(err, EvidenceError::Cut { .. }), "{end}: {err}");
    }
    let newer = error(&json.replace("evidence.v1", "evidence.v2")).to_string();
    assert!(
        newer.starts_with("its schema is `goaudit.evidence.v2` and this goaudit reads"),
        "{newer}"
    );
    assert!(matches!(
        error(r#"{"schema":"goaudit.diff.v1"}"#),
        EvidenceError::OtherSchema { .. } | EvidenceError::NoSchema
    ));
    for text in ["", "null", "[]", "{}", "{\"schema\":1}", "\u{7f}ELF", "hello"] {
        assert!(matches!(error(text), EvidenceError::NoSchema), "{text}: {}", error(text));
        assert!(!is_evidence(text.as_bytes()));
    }
    let opened = "[".repeat(1 << 20);
    let deep = format!("{{\"schema\":\"goaudit.evidence.v1\",\"x\":{opened}");
    assert!(matches!(error(&deep), EvidenceError::Cut { .. }), "{}", error(&deep));
    let closed = "]".repeat(1 << 20);
    let deep = format!("{{\"schema\":\"goaudit.evidence.v1\",\"artifacts\":{opened}{closed}}}");
    assert!(matches!(error(&deep), EvidenceError::Json(_)), "{}", error(&deep));
    let marked = format!("\u{feff} {json}");
    assert!(is_evidence(marked.as_bytes()));
    assert_eq!(Evidence::parse(marked.as_bytes()).unwrap().to_json(), json);
    let wrong = json.replacen("\"code\":\"", "\"code\":\"x", 1);
    let EvidenceError::Json(err) = error(&wrong) else { panic!() };
    assert!(err.to_string().contains("is no hash of 12 lowercase hex digits at line"), "{err}");
    let endless = vec![b' '; (64 << 20) + 1];
    assert!(matches!(Evidence::parse(&endless), Err(EvidenceError::TooLarge { .. })));
}

#[test]
fn damage_is_no_panic() {
    let file = built(&[], TARGETS[0], &[]);
    let whole = evidence(&file);
    let mut damaged = file.clone();
    let mut noise = Noise::new();
    for _ in 0..6 {
        for _ in 0..2_000 {
            damaged[4096 + noise.below(file.len() - 4096)] = noise.byte();
        }
        if Image::parse(&damaged).is_ok() {
            let other = evidence(&damaged);
            assert!(compare(&whole, &other).first_diverged.is_some());
        }
    }
}
