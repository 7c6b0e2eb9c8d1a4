//! Who may depend on whom.
//!
//! Looks at direct dependencies: normal and build ones, optional or not, of every platform, with the
//! features that the declaration asks for and those that the member's own features turn on. What
//! stands behind a dependency is judged where it is a member itself, and by `deny.toml` where it is
//! not. Dev-dependencies are free, except for members that must build when no sibling does.

use std::collections::BTreeSet;

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
            any("futures-core"),
            any("h2"),
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
            any("futures-core"),
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
            any("axum-core"),
            any("base64"),
            any("bytes"),
            any("form_urlencoded"),
            any("futures-core"),
            any("hmac"),
            any("http"),
            any("http-body"),
            any("percent-encoding"),
            any("serde_json"),
            any("sha2"),
            Library {
                name: "tokio",
                features: Features::Only(&["time"]),
            },
            any("tower-layer"),
            any("tower-service"),
            any("tracing"),
        ]),
        tests_use_siblings: true,
    },
    // A receiver, a store and a worker; it reads through the client and sends nothing else.
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
    // Starts a process for tests; what is tested may not lean on it.
    Layer {
        member: "django-application",
        siblings: &[],
        libraries: Libraries::Only(&[]),
        tests_use_siblings: false,
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
        let text = tree.get(&manifest).map_or("", super::tree::File::text);
        violations.extend(package.dependencies.iter().filter_map(|dependency| {
            let message = layer.objection(package, dependency)?;
            let line = line_of(text, dependency.key());
            Some(Violation::new(&manifest, line, RULE, message))
        }));
        let entries: BTreeSet<&String> = package.features.values().flatten().collect();
        violations.extend(entries.into_iter().filter_map(|entry| {
            let message = layer.feature_objection(package, entry)?;
            let line = line_of_entry(text, entry);
            Some(Violation::new(&manifest, line, RULE, message))
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
            .map(|feature| refusal(member, feature, name))
    }

    /// Why none of the member's features may turn on `entry` (`dependency/feature` or
    /// `dependency?/feature`); `None` when one may. Whether the dependency itself is fine is said
    /// where it is declared.
    fn feature_objection(&self, package: &Package, entry: &str) -> Option<String> {
        let Libraries::Only(libraries) = &self.libraries else {
            return None;
        };
        let (key, feature) = entry.split_once('/')?;
        let key = key.strip_suffix('?').unwrap_or(key);
        let mut named = package.dependencies.iter().filter(|dependency| {
            dependency.key() == key && !dependency.is_dev() && !dependency.is_sibling()
        });
        named.find_map(|dependency| {
            let name = &dependency.name;
            let library = libraries.iter().find(|library| library.name == name)?;
            (!library.allows(feature)).then(|| refusal(&package.name, feature, name))
        })
    }
}

fn refusal(member: &str, feature: &str, library: &str) -> String {
    format!("`{member}` may not use the feature `{feature}` of `{library}`")
}

impl Library {
    fn refused_feature<'a>(&self, dependency: &'a Dependency) -> Option<&'a str> {
        if dependency.uses_default_features && !self.allows("default") {
            return Some("default");
        }
        let mut features = dependency.features.iter().map(String::as_str);
        features.find(|feature| !self.allows(feature))
    }

    fn allows(&self, feature: &str) -> bool {
        match self.features {
            Features::Any => true,
            Features::Only(allowed) => allowed.contains(&feature),
        }
    }
}

/// The line of a manifest that declares a dependency; 1 when it is not found.
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

/// The line of a manifest on which a feature turns on `entry`; 1 when it is not found.
fn line_of_entry(manifest: &str, entry: &str) -> usize {
    let quoted = [format!("\"{entry}\""), format!("'{entry}'")];
    (1..)
        .zip(manifest.lines())
        .find(|(_, line)| quoted.iter().any(|quoted| line.contains(quoted)))
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
    fn clients_turn_no_runtime_on_through_features_of_their_own() {
        let locks = Dependency::library("tokio").features(&["sync"]);
        let http = Dependency::library("http");
        let package = || {
            Package::of(
                "accredit-thirdparty",
                "crates/x",
                &[locks.clone(), http.clone()],
            )
        };
        let said = |package: Package| -> Vec<(usize, String)> {
            let manifest =
                "[features]\ndefault = [\n\"tokio/rt\",\n\"tokio?/net\", \"tokio/sync\"]\n";
            let tree = Tree::of(&[("crates/x/Cargo.toml", manifest)]);
            let found = check(&tree, &Metadata::of(vec![package]));
            let said = found.into_iter();
            said.map(|violation| (violation.line, violation.message))
                .collect()
        };
        let refused =
            |line, feature: &str| (line, refusal("accredit-thirdparty", feature, "tokio"));

        let entries = ["hyper", "dep:tokio", "tokio/rt", "tokio?/net", "tokio/sync"];
        let bad = package()
            .feature("default", &entries)
            .feature("more", &["tokio/rt"]);
        assert_eq!(said(bad), [refused(3, "rt"), refused(4, "net")]);
        let default = package().feature("extra", &["tokio/default"]);
        assert_eq!(said(default), [refused(1, "default")]);
        let good = package().feature("default", &["hyper", "tokio/sync", "http/std"]);
        assert_eq!(said(good), []);

        let mut renamed = package().feature("default", &["locks/rt"]);
        renamed.dependencies.iter_mut().for_each(|dependency| {
            dependency.rename = (dependency.name == "tokio").then(|| "locks".to_owned());
        });
        assert_eq!(said(renamed), [refused(1, "rt")]);

        let tests = [locks.clone().kind("dev")];
        let tests = Package::of("accredit-verifyinvestor", "crates/x", &tests);
        assert_eq!(said(tests.feature("default", &["tokio/rt"])), []);
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
