//! How faults are written: as JSON for the control API and as one line for the request header.
//!
//! Both name the same effects with the same parameters. What is not understood is refused with what
//! would be.

use std::time::Duration;

use http::HeaderValue;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{CERTAIN, Effect, ErrorPage, Fault, InjectedFault, RetryAfter, Stale, When};
use crate::json::{Json, object};

/// The effects and the parameters of each; those with `when` can strike before or after the call.
const EFFECTS: [(&str, &[&str]); 11] = [
    ("latency", &["ms", "when"]),
    ("status", &["status", "content_type", "body", "when"]),
    ("throttled", &["retry_after", "as", "when"]),
    ("html_error", &["status", "when"]),
    ("malformed_json", &[]),
    ("wrong_types", &[]),
    ("unknown_values", &[]),
    ("reset", &["when"]),
    ("cut", &["bytes"]),
    ("drip", &["bytes", "ms"]),
    ("stale", &["close"]),
];
/// What a rule has besides.
const RULE: [&str; 4] = ["effect", "operation", "probability", "times"];

/// Reads `effect; name=value; name=value`, values percent-encoded where they must be.
pub(super) fn read_header(text: &str) -> Result<Fault, String> {
    let mut parts = text.split(';').map(str::trim);
    let effect = parts.next().unwrap_or_default();
    let mut given = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| format!("{part:?} must be written name=value"))?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8_lossy();
        given.push((name.trim().to_owned(), value.into_owned()));
    }
    read(effect, given)
}

/// Reads a rule of the control API.
pub(super) fn read_rule(fields: &Map<String, Value>) -> Result<Fault, String> {
    let mut given = Vec::new();
    for (name, value) in fields {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(format!("\"{name}\" must be a text or a number")),
        };
        given.push((name.clone(), value));
    }
    let mut own = |name: &str| {
        let at = given.iter().position(|(key, _)| key == name)?;
        Some(given.swap_remove(at).1)
    };
    let effect = own("effect");
    let operation = own("operation");
    let probability = own("probability");
    let times = own("times");
    let mut fault = read(&effect.unwrap_or_default(), given)?;
    if let Some(operation) = operation {
        fault.operation = operation;
    }
    if let Some(probability) = probability {
        fault.chance = millionths(&probability)
            .ok_or("\"probability\" must be a number from 0 to 1, with six places at most")?;
    }
    if let Some(times) = times {
        fault.times = Some(number(&times, "times")?);
    }
    Ok(fault)
}

/// The name of an effect.
pub(super) fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Latency(_) => "latency",
        Effect::Status { .. } => "status",
        Effect::Throttled(_) => "throttled",
        Effect::HtmlError(_) => "html_error",
        Effect::MalformedJson => "malformed_json",
        Effect::WrongTypes => "wrong_types",
        Effect::UnknownValues => "unknown_values",
        Effect::Reset => "reset",
        Effect::CutBody { .. } => "cut",
        Effect::Drip { .. } => "drip",
        Effect::StaleConnection(_) => "stale",
    }
}

/// A fault as the control API shows it.
pub(super) fn show(injected: &InjectedFault) -> Json {
    let fault = &injected.fault;
    let probability = Decimal::new(i64::from(fault.chance), 6).normalize();
    let json = object! {
        "id": whole(injected.id),
        "operation": fault.operation.clone(),
        "probability": serde_json::from_str::<Value>(&probability.to_string()).unwrap_or_default(),
        "times": fault.times.map(whole),
        "seen": whole(injected.seen),
        "used": whole(injected.used),
        "effect": name(&fault.effect),
    };
    let json = match &fault.effect {
        Effect::Latency(delay) => json.with("ms", milliseconds(*delay)),
        Effect::Status {
            status,
            content_type,
            body,
        } => json
            .with("status", i64::from(*status))
            .with("content_type", content_type.clone())
            .with("body", body.clone()),
        Effect::Throttled(after) => {
            let (seconds, form) = match after {
                RetryAfter::Seconds(seconds) => (seconds, "seconds"),
                RetryAfter::Date(seconds) => (seconds, "date"),
            };
            json.with("retry_after", i64::from(*seconds))
                .with("as", form)
        }
        Effect::HtmlError(page) => json.with("status", i64::from(page.status())),
        Effect::CutBody { bytes } => json.with("bytes", count(*bytes)),
        Effect::Drip { bytes, interval } => json
            .with("bytes", count(*bytes))
            .with("ms", milliseconds(*interval)),
        Effect::StaleConnection(stale) => json.with(
            "close",
            match stale {
                Stale::AfterAnswer => "after_answer",
                Stale::OnNextRequest => "next_request",
            },
        ),
        Effect::MalformedJson | Effect::WrongTypes | Effect::UnknownValues | Effect::Reset => json,
    };
    if takes(name(&fault.effect), "when") {
        return json.with("when", fault.when.word());
    }
    json
}

/// Refuses an effect that cannot be carried out.
pub(super) fn check(effect: &Effect) -> Result<(), String> {
    if let Effect::Status {
        status,
        content_type,
        ..
    } = effect
    {
        if !(200..=599).contains(status) {
            return Err("\"status\" must be a number from 200 to 599".to_owned());
        }
        if HeaderValue::from_str(content_type).is_err() {
            return Err("\"content_type\" must be a header value".to_owned());
        }
    }
    Ok(())
}

impl ErrorPage {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::DjangoServerError => 500,
            Self::NginxBadGateway => 502,
            Self::NginxGatewayTimeout => 504,
        }
    }
}

fn read(effect: &str, given: Vec<(String, String)>) -> Result<Fault, String> {
    let Some((_, parameters)) = EFFECTS.iter().find(|(name, _)| *name == effect) else {
        let names: Vec<_> = EFFECTS.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no effect {effect:?}; accepted are {}",
            names.join(", ")
        ));
    };
    let mut given = Given(given);
    if let Some((name, _)) = given
        .0
        .iter()
        .find(|(name, _)| !parameters.contains(&name.as_str()))
    {
        return Err(refuse_parameter(effect, name, parameters));
    }
    let read = match effect {
        "latency" => Effect::Latency(given.milliseconds()?),
        "status" => Effect::Status {
            status: given.number("status")?,
            content_type: given
                .take("content_type")
                .unwrap_or_else(|| "application/json".to_owned()),
            body: given.take("body").unwrap_or_default(),
        },
        "throttled" => {
            let seconds = given.number("retry_after")?;
            Effect::Throttled(given.choice(
                "as",
                &[
                    ("seconds", RetryAfter::Seconds(seconds)),
                    ("date", RetryAfter::Date(seconds)),
                ],
            )?)
        }
        "html_error" => Effect::HtmlError(given.choice(
            "status",
            &[
                ("500", ErrorPage::DjangoServerError),
                ("502", ErrorPage::NginxBadGateway),
                ("504", ErrorPage::NginxGatewayTimeout),
            ],
        )?),
        "malformed_json" => Effect::MalformedJson,
        "wrong_types" => Effect::WrongTypes,
        "unknown_values" => Effect::UnknownValues,
        "cut" => Effect::CutBody {
            bytes: given.number("bytes")?,
        },
        "drip" => Effect::Drip {
            bytes: given.number("bytes")?,
            interval: given.milliseconds()?,
        },
        "stale" => Effect::StaleConnection(given.choice(
            "close",
            &[
                ("after_answer", Stale::AfterAnswer),
                ("next_request", Stale::OnNextRequest),
            ],
        )?),
        _ => Effect::Reset,
    };
    let when = given.choice("when", &[("before", When::Before), ("after", When::After)])?;
    check(&read)?;
    Ok(Fault {
        when,
        ..Fault::new(read)
    })
}

fn refuse_parameter(effect: &str, name: &str, parameters: &[&str]) -> String {
    if RULE.contains(&name) {
        return format!("\"{name}\" belongs to a rule of the control API, not to the header");
    }
    let accepted = if parameters.is_empty() {
        "it takes none".to_owned()
    } else {
        format!("accepted are {}", parameters.join(", "))
    };
    format!("the effect {effect} has no parameter {name:?}; {accepted}")
}

/// The parameters that came, each taken once.
struct Given(Vec<(String, String)>);

impl Given {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, String> {
        number(&self.take(name).unwrap_or_default(), name)
    }

    fn milliseconds(&mut self) -> Result<Duration, String> {
        self.number("ms").map(Duration::from_millis)
    }

    /// One of a few words, the first of them when none is given.
    fn choice<T: Copy>(&mut self, name: &str, accepted: &[(&str, T)]) -> Result<T, String> {
        let value = self.take(name);
        let found = match &value {
            Some(value) => accepted.iter().find(|(word, _)| word == value),
            None => accepted.first(),
        };
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = accepted.iter().map(|(word, _)| *word).collect();
            format!("\"{name}\" must be one of {}", words.join(", "))
        })
    }
}

/// Whether an effect has a parameter.
pub(super) fn takes(effect: &str, parameter: &str) -> bool {
    EFFECTS
        .iter()
        .any(|(name, parameters)| *name == effect && parameters.contains(&parameter))
}

fn number<T: std::str::FromStr>(text: &str, name: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("\"{name}\" must be a whole number"))
}

/// A probability in millionths, when it is one and can be said so.
fn millionths(text: &str) -> Option<u32> {
    let millionths = text.parse::<Decimal>().ok()? * Decimal::from(CERTAIN);
    if !millionths.is_integer() || millionths > Decimal::from(CERTAIN) {
        return None;
    }
    u32::try_from(millionths).ok()
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_or_says_what_would_be() {
        assert_eq!(
            read_header("reset; when=after"),
            Ok(Fault::new(Effect::Reset).after_call())
        );
        assert_eq!(
            read_header(" status ; status=418; content_type=text/plain; body=a%3Bb "),
            Ok(Fault::new(Effect::Status {
                status: 418,
                content_type: "text/plain".to_owned(),
                body: "a;b".to_owned(),
            }))
        );
        for (text, complaint) in [
            (
                "explode",
                "there is no effect \"explode\"; accepted are latency, status, throttled, html_error, \
              malformed_json, wrong_types, unknown_values, reset, cut, drip, stale",
            ),
            ("latency", "\"ms\" must be a whole number"),
            ("latency; ms=-1", "\"ms\" must be a whole number"),
            (
                "reset; ms=1",
                "the effect reset has no parameter \"ms\"; accepted are when",
            ),
            (
                "wrong_types; when=after",
                "the effect wrong_types has no parameter \"when\"; it takes none",
            ),
            (
                "reset; times=1",
                "\"times\" belongs to a rule of the control API, not to the header",
            ),
            ("reset; after", "\"after\" must be written name=value"),
            (
                "html_error; status=503",
                "\"status\" must be one of 500, 502, 504",
            ),
            (
                "status; status=99",
                "\"status\" must be a number from 200 to 599",
            ),
        ] {
            assert_eq!(read_header(text), Err(complaint.to_owned()));
        }
    }

    #[test]
    fn the_inspector_offers_every_effect_with_its_parameters() {
        let page = include_str!("../inspector/page.html");
        for (effect, parameters) in EFFECTS {
            let line = format!("  {effect}: {parameters:?},\n");
            assert!(page.contains(&line), "{line}");
        }
    }

    #[test]
    fn a_probability_is_exact() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.25", Some(250_000)),
            ("1", Some(1_000_000)),
            ("1.0", Some(1_000_000)),
            ("0.0000001", None),
            ("1.1", None),
            ("-0.5", None),
            ("often", None),
        ] {
            assert_eq!(millionths(text), expected, "{text}");
        }
    }
}
