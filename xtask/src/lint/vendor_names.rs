//! The transport knows no vendor: not in its code, not in its documentation, not in its tests.

use super::tree::File;
use super::{Violation, rust};

const FOLDER: &str = "crates/transport/";

/// The vendors, and what their servers are made of. Whole words, in lower case.
const NAMES: &[&str] = &[
    "accredit_thirdparty",
    "accredit_verifyinvestor",
    "django",
    "drf",
    "issuance",
    "knox",
    "rails",
];

/// The same, wherever it stands, since it also comes inside host names and identifiers.
const PARTS: &[&str] = &["verify investor", "verify_investor", "verifyinvestor"];

pub(super) fn check(file: &File) -> Vec<Violation> {
    if !file.path().starts_with(FOLDER) {
        return Vec::new();
    }
    let named = file.lines().filter_map(|(number, line)| {
        let line = line.to_lowercase();
        let name = NAMES.iter().find(|name| rust::word(&line, name).is_some());
        let name = name.or_else(|| PARTS.iter().find(|part| line.contains(*part)))?;
        let message = format!("names `{name}`: the transport knows no vendor");
        Some(Violation::new(file.path(), number, "vendor-names", message))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_are_refused_anywhere_in_the_transport() {
        for text in [
            "//! How DRF reports errors.\n",
            "let host = \"api.issuance.com\";\n",
            "/// As VerifyInvestor.com does.\n",
            "struct VerifyInvestorToken;\n",
            "// knox ends a session\n",
        ] {
            for path in ["crates/transport/src/auth.rs", "crates/transport/README.md"] {
                assert_eq!(check(&File::of(path, text)).len(), 1, "{text}");
            }
        }
    }

    #[test]
    fn other_crates_and_other_words_pass() {
        assert!(check(&File::of("crates/thirdparty/src/auth.rs", "// knox\n")).is_empty());
        assert!(
            check(&File::of(
                "crates/transport/src/retry.rs",
                "// guardrails\n"
            ))
            .is_empty()
        );
    }
}
