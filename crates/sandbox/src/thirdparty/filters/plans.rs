//! How SQLite goes about the lists that are asked for most: by an index, never through every row.

use rusqlite::Connection;

use super::*;
use crate::store::{Seeding, Store};
use crate::thirdparty::investments::RESOURCE;

const ALL: usize = 2_000;

fn plan(sql: &str) -> String {
    let store = Store::open(None, Seeding::new(1, 50, None)).unwrap();
    let explain = |db: &Connection| -> rusqlite::Result<String> {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let values = vec![Value::Integer(1); statement.parameter_count()];
        let steps: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(values), |row| row.get(3))?
            .collect::<Result<_, _>>()?;
        Ok(steps.join("\n"))
    };
    store
        .transaction(|db| explain(db))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn selection(order: &str, conditions: &[(&str, &str)]) -> Selection {
    let mut selection = Selection {
        conditions: Vec::new(),
        values: Vec::new(),
        order: order.to_owned(),
    };
    for (path, operator) in conditions {
        let column = RESOURCE
            .columns
            .iter()
            .find(|column| column.path == *path)
            .unwrap();
        if *operator == "in" {
            selection.one_of(&RESOURCE, column, "a,b").unwrap();
        } else {
            selection.compare(&RESOURCE, column.sql, operator, Value::Integer(1));
        }
    }
    selection
}

fn count_plan(selection: &Selection) -> String {
    let (all, newer) = selection.counts(&RESOURCE);
    let newer = plan(&newer);
    let along = "SEARCH i USING INTEGER PRIMARY KEY (rowid>?)";
    assert!(newer.starts_with(along), "{newer}");
    plan(&all)
}

/// The statement of a page of so many rows of `count`, the last of which is the `wanted`th.
fn page(selection: &Selection, count: usize, wanted: usize, backwards: bool) -> String {
    let limit = wanted.min(25);
    let rows = Rows {
        count,
        all: ALL,
        limit,
        skipped: wanted - limit,
    };
    selection.page(&RESOURCE, &rows, backwards).0
}

#[track_caller]
fn assert_by(plan: &str, index: &str) {
    let first = plan.lines().next().unwrap_or_default();
    assert!(first.contains(&format!("INDEX {index}")), "{plan}");
    assert!(
        !plan.contains("SCAN i\n") && !plan.ends_with("SCAN i"),
        "{plan}"
    );
}

const NEWEST: &str = "i.created_at DESC, i.id";

#[test]
fn newest_first_follows_its_index_and_sorts_only_what_ties() {
    let newest = selection(NEWEST, &[]);
    for (wanted, backwards) in [(25, false), (25, true), (900, true)] {
        let plan = plan(&page(&newest, ALL, wanted, backwards));
        assert_by(&plan, "investments_created_at");
        assert!(plan.contains("LAST TERM OF ORDER BY"), "{plan}");
    }
}

#[test]
fn many_of_a_status_are_met_along_the_order_and_few_are_looked_up() {
    let of_status = selection(NEWEST, &[("status", "in")]);
    assert_by(&count_plan(&of_status), "investments_status (status=?)");
    let many = plan(&page(&of_status, 600, 25, false));
    assert_by(&many, "investments_created_at");
    let few = plan(&page(&of_status, 10, 10, false));
    assert_by(&few, "investments_status (status=?)");
}

#[test]
fn those_of_an_investor_are_looked_up() {
    let of_investor = selection("i.id", &[("investor", "=")]);
    assert_by(
        &count_plan(&of_investor),
        "investments_investor (investor_id=?)",
    );
    let page = plan(&page(&of_investor, 3, 3, false));
    assert_by(&page, "investments_investor (investor_id=?)");
}

#[test]
fn a_range_of_time_is_one_stretch_of_its_index() {
    let range = selection("i.id", &[("created_at", ">="), ("created_at", "<")]);
    let stretch = "investments_created_at (created_at>? AND created_at<?)";
    assert_by(&count_plan(&range), stretch);
    assert_by(&plan(&page(&range, 40, 25, false)), stretch);
}

#[test]
fn conditions_on_owners_are_asked_of_the_owners() {
    let of_type = selection("i.amount_cents DESC, i.id", &[("offering__type", "=")]);
    assert_by(
        &count_plan(&of_type),
        "investments_offering (offering_id=?)",
    );
    let few = plan(&page(&of_type, 300, 25, false));
    let each = "SEARCH i USING COVERING INDEX investments_offering (offering_id=?)";
    assert!(few.contains(each), "{few}");
    assert!(
        few.contains("SEARCH top USING INTEGER PRIMARY KEY"),
        "{few}"
    );
    assert!(!few.contains("TEMP B-TREE FOR ORDER BY\n"), "{few}");
    let most = plan(&page(&of_type, 1_900, 25, false));
    assert_by(&most, "investments_amount");
    assert!(most.contains("LAST TERM OF ORDER BY"), "{most}");
    assert!(!few.contains("LEFT-JOIN"), "{few}");
    let of_email = selection("i.id", &[("investor__entity__email", "=")]);
    assert_by(
        &count_plan(&of_email),
        "investments_investor (investor_id=?)",
    );
}

#[test]
fn a_count_of_everything_reads_the_smallest_index() {
    assert!(count_plan(&selection("i.id", &[])).contains("USING COVERING INDEX"));
}
