//! Identity checks of investors: where they are possible, the first and the second run, the upload
//! of an ID.
//!
//! The rule is the sandbox's own: a check passes, except the first one of somebody whose last or
//! company name is [`FAILING_NAME`].

use rusqlite::{OptionalExtension, params};

use super::{envelope, investors};
use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::Outcome;

/// The name whose first identity check fails.
pub(crate) const FAILING_NAME: &str = "Kycfail";

/// All countries, the two big ones first, as the service lists them.
pub(crate) static COUNTRIES: [&str; 249] = [
    "US", "CA", "AF", "AX", "AL", "DZ", "AS", "AD", "AO", "AI", "AQ", "AG", "AR", "AM", "AW", "AU",
    "AT", "AZ", "BS", "BH", "BD", "BB", "BY", "BE", "BZ", "BJ", "BM", "BT", "BO", "BQ", "BA", "BW",
    "BV", "BR", "IO", "BN", "BG", "BF", "BI", "CV", "KH", "CM", "KY", "CF", "TD", "CL", "CN", "CX",
    "CC", "CO", "KM", "CG", "CD", "CK", "CR", "CI", "HR", "CU", "CW", "CY", "CZ", "DK", "DJ", "DM",
    "DO", "EC", "EG", "SV", "GQ", "ER", "EE", "SZ", "ET", "FK", "FO", "FJ", "FI", "FR", "GF", "PF",
    "TF", "GA", "GM", "GE", "DE", "GH", "GI", "GR", "GL", "GD", "GP", "GU", "GT", "GG", "GN", "GW",
    "GY", "HT", "HM", "VA", "HN", "HK", "HU", "IS", "IN", "ID", "IR", "IQ", "IE", "IM", "IL", "IT",
    "JM", "JP", "JE", "JO", "KZ", "KE", "KI", "KW", "KG", "LA", "LV", "LB", "LS", "LR", "LY", "LI",
    "LT", "LU", "MO", "MG", "MW", "MY", "MV", "ML", "MT", "MH", "MQ", "MR", "MU", "YT", "MX", "FM",
    "MD", "MC", "MN", "ME", "MS", "MA", "MZ", "MM", "NA", "NR", "NP", "NL", "NC", "NZ", "NI", "NE",
    "NG", "NU", "NF", "KP", "MK", "MP", "NO", "OM", "PK", "PW", "PS", "PA", "PG", "PY", "PE", "PH",
    "PN", "PL", "PT", "PR", "QA", "RE", "RO", "RU", "RW", "BL", "SH", "KN", "LC", "MF", "PM", "VC",
    "WS", "SM", "ST", "SA", "SN", "RS", "SC", "SL", "SG", "SX", "SK", "SI", "SB", "SO", "ZA", "GS",
    "KR", "SS", "ES", "LK", "SD", "SR", "SJ", "SE", "CH", "SY", "TW", "TJ", "TZ", "TH", "TL", "TG",
    "TK", "TO", "TT", "TN", "TR", "TM", "TC", "TV", "UG", "UA", "AE", "GB", "UM", "UY", "UZ", "VU",
    "VE", "VN", "VG", "VI", "WF", "EH", "YE", "ZM", "ZW",
];

/// Countries under comprehensive sanctions, where no check is possible.
const SANCTIONED: [&str; 4] = ["CU", "IR", "KP", "SY"];

/// `GET /api_third_party/investors/kyc_country_codes/`
pub(crate) fn kyc_countries(_: &Call<'_>) -> Outcome {
    Ok(countries())
}

/// `GET /api_third_party/investors/kyb_country_codes/`
pub(crate) fn kyb_countries(_: &Call<'_>) -> Outcome {
    Ok(countries())
}

/// `POST /api_third_party/investors/{id}/run_second_kyc/`: it always passes.
pub(crate) fn run_second(call: &Call<'_>) -> Outcome {
    let investor = investors::find(call)?;
    let entity = entity_of(call, investor)?;
    let status = finish(call, entity, true)?;
    let id = call.db.last_insert_rowid();
    Ok(envelope(object! {
        "verification_entity": object! {
            "id": id,
            "entity": entity,
            "status": status,
            "provider": "sandbox",
        }
    }))
}

/// The first check, made when an investor invests for the first time.
pub(crate) fn run_first(call: &Call<'_>, investor: i64) -> rusqlite::Result<()> {
    let entity = entity_of(call, investor)?;
    let checked: Option<i64> = call
        .db
        .prepare_cached("SELECT 1 FROM verification_entities WHERE entity_id = ?1 LIMIT 1")?
        .query_row([entity], |row| row.get(0))
        .optional()?;
    if checked.is_none() {
        let fails: bool = call
            .db
            .prepare_cached(
                "SELECT coalesce(last_name, company_name, '') = ?2 COLLATE NOCASE FROM entities WHERE id = ?1",
            )?
            .query_row(params![entity, FAILING_NAME], |row| row.get(0))?;
        finish(call, entity, !fails)?;
    }
    Ok(())
}

/// `POST /api_third_party/investors/create_id_upload_workflow_url/`
pub(crate) fn create_upload_url(call: &Call<'_>) -> Outcome {
    let token = call.opaque("id upload")?;
    let token = token.get(..32).unwrap_or(&token);
    call.db.execute(
        "INSERT INTO id_uploads (token, user_id, created_at) VALUES (?1, ?2, ?3)",
        params![token, call.user, call.now_text()],
    )?;
    Ok(envelope(
        object! { "workflow_url": format!("{}/_sandbox/id-upload/{token}", call.origin) },
    ))
}

fn countries() -> crate::reply::Reply {
    let codes = COUNTRIES
        .iter()
        .copied()
        .filter(|code| !SANCTIONED.contains(code));
    envelope(object! { "country_codes": Json::list(codes) })
}

fn entity_of(call: &Call<'_>, investor: i64) -> rusqlite::Result<i64> {
    call.db
        .prepare_cached("SELECT entity_id FROM investors WHERE id = ?1")?
        .query_row([investor], |row| row.get(0))
}

fn finish(call: &Call<'_>, entity: i64, passes: bool) -> rusqlite::Result<&'static str> {
    let status = if passes { "passed" } else { "failed" };
    call.db
        .prepare_cached(
            "UPDATE entities SET kyc_status = ?2, number_kyc_failed = number_kyc_failed + ?3 WHERE id = ?1",
        )?
        .execute(params![entity, status, i64::from(!passes)])?;
    call.db
        .prepare_cached(
            "INSERT INTO verification_entities (entity_id, status, provider, created_at)
             VALUES (?1, ?2, 'sandbox', ?3)",
        )?
        .execute(params![entity, status, call.now_text()])?;
    Ok(status)
}
