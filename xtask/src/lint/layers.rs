//! Who may depend on whom.
//!
//! Looks at direct dependencies: normal and build ones, optional or not, of every platform. What
//! stands behind a dependency is judged where it is a member itself, and by `deny.toml` where it is
//! not. Dev-dependencies are free, except for members that must build when no sibling does.

use super::Violation;
use super::metadata::{Dependency, Metadata, Package};
use super::tree::Tree;

const RULE: &str = "layers";

/// What one member may use.
struct Layer {
    member: &'static str,
    siblings: &'static [&'static str],
    libraries: Libraries,
    /// Whether tests may use any sibling.
    tests_use_siblings: bool,
}

/// Which packages of the registry a member may use.
enum Libraries {
    Any,
    Only(&'static [Library]),
}

/// A package, and which of its features may be asked for.
struct Library {
    name: &'static str,
    features: Features,
}

enum Features {
    Any,
    Only(&'static [&'static str]),
}

const fn any(name: &'static str) -> Library {
    Library {
        name,
        features: Features::Any,
    }
}

/// The table of the design. A member may use what is named here and nothing else.
const LAYERS: &[Layer] = &[
    // Pure types: whoever wants them alone gets no I/O, no runtime and few packages.
    Layer {
        member: "accredit-models",
        siblings: &[],
        libraries: Libraries::Only(&[
            any("jiff"),
            any("rust_decimal"),
            any("secrecy"),
            any("serde"),
            any("serde_json"),
            any("serde_with"),
            any("strum"),
            any("zeroize"),
        ]),
        tests_use_siblings: true,
    },
    // Knows neither vendor; models only for the page and the secret.
    Layer {
        member: "accredit-transport",
        siblings: &["accredit-models"],
        libraries: Libraries::Only(&[
            any("async-trait"),
            any("bytes"),
            any("fastrand"),
            any("form_urlencoded"),
            any("futures-core"),
            any("http"),
            any("http-body"),
            any("http-body-util"),
            any("httpdate"),
            any("hyper"),
            any("hyper-rustls"),
            any("hyper-util"),
            any("percent-encoding"),
            any("pin-project-lite"),
            any("rustls"),
            any("rustls-platform-verifier"),
            any("secrecy"),
            any("serde"),
            any("serde_json"),
            any("serde_path_to_error"),
            any("tokio"),
            any("tower"),
            any("tower-http"),
            any("tower-layer"),
            any("tower-service"),
            any("tracing"),
            any("webpki-roots"),
        ]),
        tests_use_siblings: true,
    },
    // The clients: no HTTP stack of their own, no runtime (locks only), not each other.
    Layer {
        member: "accredit-thirdparty",
        siblings: &["accredit-models", "accredit-transport"],
        libraries: Libraries::Only(&[
            any("async-trait"),
            any("bytes"),
            any("http"),
            any("serde_json"),
            Library {
                name: "tokio",
                features: Features::Only(&["sync"]),
            },
        ]),
        tests_use_siblings: true,
    },
    Layer {
        member: "accredit-verifyinvestor",
        siblings: &["accredit-models", "accredit-transport"],
        libraries: Libraries::Only(&[
            any("base64"),
            any("bytes"),
            any("form_urlencoded"),
            any("hmac"),
            any("http"),
            any("percent-encoding"),
            any("serde_json"),
            any("sha2"),
        ]),
        tests_use_siblings: true,
    },
    // A receiver and a store; it sends nothing.
    Layer {
        member: "accredit-inbox",
        siblings: &["accredit-models", "accredit-verifyinvestor"],
        libraries: Libraries::Only(&[
            any("async-trait"),
            any("axum"),
            any("bytes"),
            any("fastrand"),
            any("futures-core"),
            any("http"),
            any("http-body"),
            any("http-body-util"),
            any("jiff"),
            any("pin-project-lite"),
            any("rusqlite"),
            any("serde"),
            any("serde_json"),
            any("sha2"),
            any("tokio"),
            any("tokio-postgres"),
            any("tower-layer"),
            any("tower-service"),
            any("tracing"),
        ]),
        tests_use_siblings: true,
    },
    Layer {
        member: "accredit",
        siblings: &[
            "accredit-inbox",
            "accredit-models",
            "accredit-thirdparty",
            "accredit-transport",
            "accredit-verifyinvestor",
        ],
        libraries: Libraries::Only(&[]),
        tests_use_siblings: true,
    },
    // An emulator that shares the client's code proves nothing.
    Layer {
        member: "accredit-sandbox",
        siblings: &["accredit-models"],
        libraries: Libraries::Any,
        tests_use_siblings: true,
    },
    Layer {
        member: "accredit-cli",
        siblings: &["accredit", "accredit-sandbox"],
        libraries: Libraries::Any,
        tests_use_siblings: true,
    },
    // Must build when the others do not.
    Layer {
        member: "xtask",
        siblings: &[],
        libraries: Libraries::Any,
        tests_use_siblings: false,
    },
];

/// Compares every member with the table.
pub(super) fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let manifest = metadata.manifest(package);
        let Some(layer) = LAYERS.iter().find(|layer| layer.member == package.name) else {
            let message = format!(
                "`{}` has no row in the table of layers: say what it may depend on",
                package.name
            );
            violations.push(Violation::new(&manifest, 1, RULE, message));
            continue;
        };
        violations.extend(package.dependencies.iter().filter_map(|dependency| {
            let message = layer.objection(package, dependency)?;
            let text = tree.get(&manifest).map_or("", super::tree::File::text);
            Some(Violation::new(
                &manifest,
                line_of(text, &dependency.name),
                RULE,
                message,
            ))
        }));
    }
    violations
}

impl Layer {
    /// Why the member may not have this dependency; `None` when it may.
    fn objection(&self, package: &Package, dependency: &Dependency) -> Option<String> {
        let member = &package.name;
        let name = &dependency.name;
        if dependency.is_dev() {
            let refused = dependency.is_sibling() && !self.tests_use_siblings;
            return refused
                .then(|| format!("the tests of `{member}` may not use the sibling `{name}`"));
        }
        if dependency.is_sibling() {
            return (!self.siblings.contains(&name.as_str()))
                .then(|| format!("`{member}` may not depend on the sibling `{name}`"));
        }
        let Libraries::Only(libraries) = &self.libraries else {
            return None;
        };
        let Some(library) = libraries.iter().find(|library| library.name == name) else {
            return Some(format!("`{member}` may not depend on `{name}`"));
        };
        library
            .refused_feature(dependency)
            .map(|feature| format!("`{member}` may not use the feature `{feature}` of `{name}`"))
    }
}

impl Library {
    fn refused_feature<'a>(&self, dependency: &'a Dependency) -> Option<&'a str> {
        let Features::Only(allowed) = self.features else {
            return None;
        };
        if dependency.uses_default_features && !allowed.contains(&"default") {
            return Some("default");
        }
        let mut features = dependency.features.iter().map(String::as_str);
        features.find(|feature| !allowed.contains(feature))
    }
}

/// The line of a manifest that declares a dependency; 1 when it is not found, as for a renamed one.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let declares = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['.', '=']))
            || line.ends_with(&format!("dependencies.{dependency}]"))
    };
    (1..)
        .zip(manifest.lines())
        .find(|(_, line)| declares(line))
        .map_or(1, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about one member with these dependencies.
    fn said(member: &str, dependencies: &[Dependency]) -> Vec<String> {
        let package = Package::of(member, "crates/x", dependencies);
        let found = check(&Tree::default(), &Metadata::of(vec![package]));
        found
            .into_iter()
            .map(|violation| violation.message)
            .collect()
    }

    #[test]
    fn models_do_no_io() {
        for library in ["http", "tokio", "tower", "tracing", "hyper"] {
            let said = said("accredit-models", &[Dependency::library(library)]);
            assert_eq!(
                said,
                [format!("`accredit-models` may not depend on `{library}`")]
            );
        }
        let siblings = said(
            "accredit-models",
            &[Dependency::sibling("accredit-transport")],
        );
        assert_eq!(
            siblings,
            ["`accredit-models` may not depend on the sibling `accredit-transport`"]
        );
    }

    #[test]
    fn transport_knows_no_client() {
        let client = Dependency::sibling("accredit-thirdparty");
        assert_eq!(said("accredit-transport", &[client]).len(), 1);
        assert!(
            said(
                "accredit-transport",
                &[Dependency::sibling("accredit-models")]
            )
            .is_empty()
        );
    }

    #[test]
    fn clients_know_neither_each_other_nor_hyper() {
        let bad = [
            Dependency::sibling("accredit-verifyinvestor"),
            Dependency::library("hyper"),
            Dependency::library("rustls"),
            Dependency::library("tower-http"),
        ];
        assert_eq!(said("accredit-thirdparty", &bad).len(), 4);
        assert_eq!(
            said("accredit-thirdparty", &[Dependency::library("hmac")]).len(),
            1
        );
        assert!(said("accredit-verifyinvestor", &[Dependency::library("hmac")]).is_empty());
    }

    #[test]
    fn clients_use_locks_but_no_runtime() {
        let locks = Dependency::library("tokio").features(&["sync"]);
        assert!(said("accredit-thirdparty", &[locks]).is_empty());
        let runtime = Dependency::library("tokio").features(&["sync", "rt"]);
        assert_eq!(
            said("accredit-thirdparty", &[runtime]),
            ["`accredit-thirdparty` may not use the feature `rt` of `tokio`"]
        );
        let default = Dependency {
            uses_default_features: true,
            ..Dependency::library("tokio")
        };
        assert_eq!(said("accredit-verifyinvestor", &[default]).len(), 1);
    }

    #[test]
    fn sandbox_shares_no_code_with_the_clients_outside_tests() {
        for client in ["accredit-transport", "accredit-thirdparty", "accredit"] {
            let client = Dependency::sibling(client);
            assert_eq!(
                said("accredit-sandbox", std::slice::from_ref(&client)).len(),
                1
            );
            assert_eq!(
                said("accredit-sandbox", &[client.clone().kind("build")]).len(),
                1
            );
            assert!(said("accredit-sandbox", &[client.kind("dev")]).is_empty());
        }
    }

    #[test]
    fn command_line_goes_through_the_facade() {
        assert_eq!(
            said(
                "accredit-cli",
                &[Dependency::sibling("accredit-thirdparty")]
            )
            .len(),
            1
        );
        let good = [
            Dependency::sibling("accredit"),
            Dependency::sibling("accredit-sandbox"),
        ];
        assert!(said("accredit-cli", &good).is_empty());
    }

    #[test]
    fn facade_uses_the_libraries_only() {
        assert_eq!(said("accredit", &[Dependency::library("serde")]).len(), 1);
        assert_eq!(
            said("accredit", &[Dependency::sibling("accredit-sandbox")]).len(),
            1
        );
    }

    #[test]
    fn xtask_uses_no_sibling_even_in_tests() {
        let sibling = Dependency::sibling("accredit-models");
        assert_eq!(said("xtask", std::slice::from_ref(&sibling)).len(), 1);
        assert_eq!(said("xtask", &[sibling.kind("dev")]).len(), 1);
    }

    #[test]
    fn members_without_a_row_are_refused() {
        let said = said("accredit-extra", &[]);
        assert!(
            said.iter().any(|message| message.contains("has no row")),
            "{said:?}"
        );
    }

    #[test]
    fn violations_point_at_the_declaration() {
        let manifest = "[dependencies]\nhttp-body.workspace = true\nhttp.workspace = true\n";
        assert_eq!(line_of(manifest, "http"), 3);
        assert_eq!(line_of("[dependencies.http]\n", "http"), 1);
        assert_eq!(line_of("\nhttp = { workspace = true }\n", "http"), 2);
        assert_eq!(line_of(manifest, "absent"), 1);
    }
}
