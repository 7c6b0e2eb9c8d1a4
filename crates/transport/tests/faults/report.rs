//! The matrix and the summary, as text.

use std::fmt::Write as _;
use std::time::Duration;

use crate::drive::Ran;
use crate::operations::CLASSES;

/// The runs of one fault, one a class.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) runs: Vec<Ran>,
}

const NAME: usize = 48;
const CELL: usize = 44;

/// Every fault against every class: what came of it and how many requests the server saw. The two
/// classes of a pair stand in one column each, so that a difference between them shows.
pub(crate) fn matrix(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut group = "";
    for row in rows {
        if row.group != group {
            group = row.group;
            let _ = write!(text, "\n{:NAME$}", format!("{group}:"));
            for class in CLASSES {
                let _ = write!(text, "  {:CELL$}", format!("{class:?}"));
            }
            text.push('\n');
        }
        let _ = write!(text, "{:NAME$}", row.name);
        for ran in &row.runs {
            let mark = if ran.is_exact() { "" } else { "DIFF " };
            let _ = write!(text, "  {:CELL$}", format!("{mark}{}", ran.got));
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    text
}

/// Every difference, with what was expected.
pub(crate) fn differences(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        for ran in row.runs.iter().filter(|ran| !ran.is_exact()) {
            let _ = writeln!(text, "DIFF {} × {:?}", row.name, ran.class);
            if ran.expected != ran.got {
                let _ = writeln!(text, "  expected  {}", ran.expected);
                let _ = writeln!(text, "  got       {}", ran.got);
            }
            for failure in &ran.failures {
                let _ = writeln!(text, "  harness   {failure}");
            }
        }
    }
    text
}

/// How many runs were exact, of how many.
pub(crate) fn count(rows: &[Row]) -> (usize, usize) {
    let runs = || rows.iter().flat_map(|row| &row.runs);
    (runs().filter(|ran| ran.is_exact()).count(), runs().count())
}

/// How late the latest call came back on a clock that stands still between the steps of a script;
/// `None` if none reached its deadline.
pub(crate) fn latest(rows: &[Row]) -> Option<Duration> {
    rows.iter()
        .flat_map(|row| &row.runs)
        .filter(|ran| ran.held)
        .filter_map(|ran| ran.late)
        .max()
}
