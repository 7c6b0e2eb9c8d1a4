//! The calls that give bare values: the status lists, and chosen columns of whole lists without
//! pages.

use rusqlite::types::ValueRef;

use super::filters::{Column, Holds, Resource, Selection};
use super::{envelope, investments as investment, investors as investor, lifecycle};
use crate::call::Call;
use crate::clock::Moment;
use crate::generated::routes::{Operation, ROUTES};
use crate::json::{Json, object};
use crate::money;
use crate::reply::Outcome;

/// What can go wrong while an investment is processed. The document names the call and no value;
/// these are the sandbox's.
const PROCESSING_ISSUES: [(&str, &str); 4] = [
    ("kyc_failed", "KYC Failed"),
    ("missing_signature", "Missing Signature"),
    ("payment_failed", "Payment Failed"),
    ("watchlist_hit", "Watchlist Hit"),
];

/// `GET /api_third_party/investments/statuses/`
pub(crate) fn investment_statuses(_: &Call<'_>) -> Outcome {
    Ok(labels(&lifecycle::STATUSES))
}

/// `GET /api_third_party/investments/processing_issue_statuses/`
pub(crate) fn processing_issue_statuses(_: &Call<'_>) -> Outcome {
    Ok(labels(&PROCESSING_ISSUES))
}

/// `GET /api_third_party/investments/values/`
pub(crate) fn investments(call: &Call<'_>) -> Outcome {
    values(call, &investment::RESOURCE, Operation::InvestmentsList)
}

/// `GET /api_third_party/investors/values/`
pub(crate) fn investors(call: &Call<'_>) -> Outcome {
    values(call, &investor::RESOURCE, Operation::InvestorsList)
}

fn labels(statuses: &[(&'static str, &'static str)]) -> crate::reply::Reply {
    let statuses = statuses
        .iter()
        .map(|(value, label)| object! { "value": *value, "label": *label });
    envelope(object! { "statuses": Json::list(statuses) })
}

/// The columns named by `field`, of all rows that the filters of the list leave; the id alone when
/// none is named. Unknown names are ignored, like every unknown parameter, and so are repeated ones:
/// a Python dictionary has each key once.
fn values(call: &Call<'_>, resource: &'static Resource, list: Operation) -> Outcome {
    let list = ROUTES
        .iter()
        .find(|route| route.operation == list)
        .unwrap_or(call.route);
    let selection = Selection::of(call, resource, list.parameters)?;
    let mut columns: Vec<&Column> = Vec::new();
    for name in call
        .query("field")
        .unwrap_or("id")
        .split(',')
        .map(str::trim)
    {
        if let Some(column) = resource.columns.iter().find(|column| column.path == name)
            && !columns.iter().any(|chosen| chosen.path == name)
        {
            columns.push(column);
        }
    }
    let expressions: Vec<_> = columns.iter().map(|column| column.sql).collect();
    let what = if expressions.is_empty() {
        "NULL".to_owned()
    } else {
        expressions.join(", ")
    };
    let order = format!("ORDER BY {}", selection.order());
    let (sql, parameters) = selection.sql(resource, &what, &order);
    let mut statement = call.db.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            fields.push((column.path.into(), shown(row.get_ref(place)?, column.holds)));
        }
        values.push(Json::Object(fields));
    }
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    Ok(envelope(object! { "values": values, "count": count }))
}

fn shown(value: ValueRef<'_>, holds: Holds) -> Json {
    match (value, holds) {
        (ValueRef::Integer(cents), Holds::Cents) => money::text(cents).into(),
        (ValueRef::Integer(flag), Holds::Boolean) => Json::Bool(flag != 0),
        (ValueRef::Integer(number), _) => Json::Integer(number),
        (ValueRef::Text(text), Holds::Timestamp) => {
            Moment::new(&String::from_utf8_lossy(text)).into()
        }
        (ValueRef::Text(text), _) => String::from_utf8_lossy(text).into_owned().into(),
        _ => Json::Null,
    }
}
