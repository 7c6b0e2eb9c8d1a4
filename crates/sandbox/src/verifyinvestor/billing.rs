//! Billing: how many verifications were completed in a range of days.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::params;

use crate::call::Call;
use crate::json::object;
use crate::reply::{Outcome, Reply};

/// `GET /api/v1/billing`: both days count; without them the present month. What does not parse
/// counts as absent.
pub(crate) fn summary(call: &Call<'_>) -> Outcome {
    let today = call.now.to_zoned(TimeZone::UTC).date();
    let from = day(call, "from_date").unwrap_or_else(|| today.first_of_month());
    let to = day(call, "to_date").unwrap_or_else(|| today.last_of_month());
    let end = to.checked_add(1.day()).unwrap_or(to);
    let completed: i64 = call
        .db
        .prepare_cached(
            "SELECT count(*) FROM vi_requests WHERE completed_at >= ?1 AND completed_at < ?2",
        )?
        .query_row(params![from.to_string(), end.to_string()], |row| row.get(0))?;
    Ok(Reply::ok(
        &object! { "from_date": from.to_string(), "to_date": to.to_string(), "regular": completed },
    ))
}

fn day(call: &Call<'_>, name: &str) -> Option<Date> {
    call.query(name).and_then(|text| text.trim().parse().ok())
}
