//! What each column of the coverage table asks for, and where it is found.
//!
//! A cell is filled by a source that does what the column says, and by nothing else; what it says is proven when the tests
//! run. No cell is written down by hand.

use super::source::{self, Function};
use crate::codegen::catalog::Operation;
use crate::lint::tree::{File, Tree};

/// A column: its title, and what stands behind a filled cell.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) proves: &'static str,
}

/// The columns, in their order.
pub(super) const COLUMNS: [Column; 6] = [
    Column {
        title: "value",
        proves: "a public type implements `Operation` with this name, method and path, so `Client::execute` takes it.",
    },
    Column {
        title: "handle",
        proves: "a public method documents exactly this method and path.",
    },
    Column {
        title: "request snapshot",
        proves: "a snapshot that a test asserts holds the request with method, path, query, headers and body, and the path \
                 fits the contract's.",
    },
    Column {
        title: "response decode test",
        proves: "a test sends the sample of the service's document through the operation's own `decode` and holds the \
                 answer against the sample, field by field. Where the document has no sample, it is what was seen.",
    },
    Column {
        title: "sandbox end-to-end test",
        proves: "a test of this name calls the handle over TCP, asserts on the decoded answer, and fails unless the \
                 sandbox, in strict mode, has the operation in its own log as answered with success. So request and answer \
                 kept to the contract.",
    },
    Column {
        title: "doc example",
        proves: "the handle's documentation has an example that is compiled and calls the handle.",
    },
];

/// The sources of one service's client.
pub(super) struct Sources<'a> {
    /// Files of values.
    operations: Vec<&'a File>,
    /// Public methods of everything else.
    methods: Vec<Function>,
    snapshots: Vec<&'a File>,
    requests: Vec<Function>,
    replies: Vec<Function>,
    /// End-to-end tests, with the module that each stands in.
    tests: Vec<(String, Function)>,
}

impl<'a> Sources<'a> {
    /// Reads what there is in `crates/<service>`.
    pub(super) fn of(service: &str, tree: &'a Tree) -> Self {
        let src = format!("crates/{service}/src/");
        let it = format!("crates/{service}/tests/it/");
        let values = format!("{src}operations/");
        let below = |folder: &str| {
            let files = tree.files().iter();
            let found = files.filter(|file| file.path().starts_with(folder));
            found.collect::<Vec<_>>()
        };
        let compiled = |file: &str| {
            let text = tree.get(&format!("{it}{file}")).map(File::text);
            source::functions(text.unwrap_or_default())
        };
        let declares = |file: &str, module: &str| {
            let text = tree.get(&format!("{it}{file}")).map(File::text);
            text.is_some_and(|text| text.lines().any(|line| line == format!("mod {module};")))
        };
        let mut tests = Vec::new();
        for file in below(&format!("{it}operations/")) {
            let module = file.path().rsplit('/').next().unwrap_or_default();
            let module = module.trim_end_matches(".rs");
            if declares("main.rs", "operations") && declares("operations/mod.rs", module) {
                let functions = source::functions(file.text());
                tests.extend(functions.into_iter().map(|test| (module.to_owned(), test)));
            }
        }
        let methods = below(&src)
            .into_iter()
            .filter(|file| file.path().ends_with(".rs") && !file.path().starts_with(&values))
            .flat_map(|file| source::functions(file.text()))
            .filter(|function| function.is_public && !function.owner.is_empty());
        Self {
            operations: below(&values),
            methods: methods.collect(),
            snapshots: below(&format!("{it}snapshots/")),
            requests: compiled("requests.rs"),
            replies: compiled("replies.rs"),
            tests,
        }
    }

    /// The cells of one operation, in the order of [`COLUMNS`]; `None` for an empty one.
    pub(super) fn cells(&self, operation: &Operation) -> [Option<String>; 6] {
        let value = self.value(operation);
        let handle = self.handle(operation, value.as_deref());
        let show = |text: String| format!("`{text}`");
        let test = handle.and_then(|handle| self.test(operation, handle));
        let example = handle.filter(|handle| {
            let mut examples = handle.examples().into_iter();
            examples.any(|example| source::calls(&example, &handle.name))
        });
        [
            value.map(show),
            handle.map(|handle| show(format!("{}::{}", handle.owner, handle.name))),
            self.snapshot(operation).map(show),
            self.reply(operation).map(show),
            test.map(show),
            example.map(|_| "yes".to_owned()),
        ]
    }

    fn value(&self, operation: &Operation) -> Option<String> {
        let name = format!("\"{}\",", operation.id);
        self.operations.iter().find_map(|file| {
            let (before, after) = file.text().split_once(&name)?;
            let before = before.trim_end().strip_suffix("OperationInfo::new(")?;
            let mut facts = after.split(',').map(str::trim);
            let method = format!("Method::{}", operation.method);
            let path = format!("\"{}\"", operation.path);
            if facts.next() != Some(&method) || facts.next() != Some(&path) {
                return None;
            }
            let (_, head) = before.rsplit_once("impl Operation for ")?;
            head.split_whitespace().next().map(str::to_owned)
        })
    }

    /// The method that documents the call; the one that names the value, where there are several.
    fn handle(&self, operation: &Operation, value: Option<&str>) -> Option<&Function> {
        let line = format!("`{} {}`", operation.method, operation.path);
        let documents = |method: &&Function| method.docs.lines().any(|doc| doc.trim() == line);
        let names = |method: &&Function| {
            value.is_some_and(|value| crate::lint::rust::word(&method.code, value).is_some())
        };
        let mut all = self.methods.iter().filter(documents);
        let first = all.clone().next();
        all.find(names).or(first)
    }

    fn snapshot(&self, operation: &Operation) -> Option<String> {
        let title = format!("# {}: ", operation.id);
        self.snapshots.iter().find_map(|file| {
            let name = file.path().rsplit('/').next()?;
            let name = name.strip_prefix("it__requests__")?.strip_suffix(".snap")?;
            let asserted = format!("assert_snapshot!(\"{name}\",");
            let mut tests = self.requests.iter().filter(is_test);
            tests.find(|test| test.text.contains(&asserted))?;
            let mut lines = file.text().lines();
            lines.find(|line| line.starts_with(&title))?;
            let (method, path) = lines.next()?.split_once(' ')?;
            let fits = method == operation.method && fits(path, &operation.path);
            fits.then(|| name.to_owned())
        })
    }

    fn reply(&self, operation: &Operation) -> Option<String> {
        let name = format!("\"{}\"", operation.id);
        let decodes = |test: &&Function| test.code.contains("decodes") && test.text.contains(&name);
        let mut tests = self.replies.iter().filter(is_test);
        let test = tests.find(decodes)?;
        Some(format!("replies::{}", test.name))
    }

    fn test(&self, operation: &Operation, handle: &Function) -> Option<String> {
        let answered = format!("answered(\"{}\")", operation.id);
        let (module, test) = self.tests.iter().find(|(module, test)| {
            *module == operation.resource && test.name == operation.action() && is_test(&test)
        })?;
        let proves = test.calls(&handle.name)
            && test.code.contains("assert")
            && test.calls("answered")
            && test.text.contains(&answered);
        proves.then(|| format!("operations::{module}::{}", test.name))
    }
}

fn is_test(function: &&Function) -> bool {
    ["#[test]", "#[tokio::test"]
        .iter()
        .any(|attribute| function.attributes.contains(attribute))
}

/// Whether a path is one of a template's: `{id}` stands for any segment.
fn fits(path: &str, template: &str) -> bool {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    loop {
        match (path.next(), template.next()) {
            (None, None) => return true,
            (Some(part), Some(of)) => {
                if part != of && (part.is_empty() || !of.starts_with('{')) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_their_templates() {
        assert!(fits("/a/7/", "/a/{id}/"));
        assert!(fits("/a", "/a"));
        for path in ["/a//", "/a/7", "/a/7/b/", "/b/7/"] {
            assert!(!fits(path, "/a/{id}/"), "{path}");
        }
    }
}
