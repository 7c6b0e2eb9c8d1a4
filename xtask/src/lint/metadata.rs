//! The members of the workspace and what they declare, from `cargo metadata`.
//!
//! Declared dependencies only: optional ones and those of other platforms are there, the ones behind
//! them are not.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Context, Result};
use crate::process::Run;

/// The members of the workspace.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    #[serde(default)]
    workspace_root: String,
}

/// A member of the workspace.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: String,
    pub(super) description: Option<String>,
    pub(super) readme: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
    /// The crate's own features, and what each turns on.
    #[serde(default)]
    pub(super) features: BTreeMap<String, Vec<String>>,
}

/// A dependency as declared.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Dependency {
    /// The package's name, whatever it was renamed to.
    pub(super) name: String,
    /// What the manifest calls it, when that is another name.
    #[serde(default)]
    pub(super) rename: Option<String>,
    /// Where it comes from; `None` for a path, which here means a sibling.
    pub(super) source: Option<String>,
    /// `None` for a normal one, else `dev` or `build`.
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) features: Vec<String>,
    #[serde(default)]
    pub(super) uses_default_features: bool,
}

impl Metadata {
    /// Asks cargo.
    pub(super) fn read() -> Result<Self> {
        let arguments = ["metadata", "--format-version", "1", "--no-deps"];
        let printed = Run::cargo(arguments)?.output()?;
        serde_json::from_str(&printed).context("reading what cargo metadata printed")
    }

    /// The path of a member's manifest, relative to the root, with `/`.
    pub(super) fn manifest(&self, package: &Package) -> String {
        let relative = package.manifest_path.strip_prefix(&self.workspace_root);
        let relative = relative
            .unwrap_or(&package.manifest_path)
            .replace('\\', "/");
        relative.trim_start_matches('/').to_owned()
    }
}

impl Dependency {
    pub(super) fn is_sibling(&self) -> bool {
        self.source.is_none()
    }

    /// What the manifest calls it.
    pub(super) fn key(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }

    pub(super) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[cfg(test)]
impl Metadata {
    /// A workspace for a test of a rule.
    pub(super) fn of(packages: Vec<Package>) -> Self {
        Self {
            packages,
            workspace_root: String::from("/src"),
        }
    }
}

#[cfg(test)]
impl Package {
    /// A member for a test of a rule.
    pub(super) fn of(name: &str, folder: &str, dependencies: &[Dependency]) -> Self {
        Self {
            name: name.to_owned(),
            manifest_path: format!("/src/{folder}/Cargo.toml"),
            dependencies: dependencies.to_vec(),
            ..Self::default()
        }
    }

    /// With a feature of its own.
    pub(super) fn feature(mut self, name: &str, entries: &[&str]) -> Self {
        let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
        self.features.insert(name.to_owned(), entries);
        self
    }
}

#[cfg(test)]
impl Dependency {
    /// A normal dependency on a package of a registry, for a test of a rule.
    pub(super) fn library(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: Some("registry".to_owned()),
            ..Self::default()
        }
    }

    /// A normal dependency on a sibling, for a test of a rule.
    pub(super) fn sibling(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    pub(super) fn features(mut self, features: &[&str]) -> Self {
        self.features = features.iter().map(|&feature| feature.to_owned()).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let metadata = Metadata::read().unwrap();
        let xtask = metadata
            .packages
            .iter()
            .find(|package| package.name == "xtask")
            .unwrap();
        assert_eq!(metadata.manifest(xtask), "xtask/Cargo.toml");
        assert!(
            xtask
                .dependencies
                .iter()
                .any(|found| found.name == "serde_json")
        );
        assert!(xtask.dependencies.iter().all(|found| !found.is_sibling()));
        let transport = metadata
            .packages
            .iter()
            .find(|package| package.name == "accredit-transport")
            .unwrap();
        assert!(transport.features.contains_key("default"));
    }
}
