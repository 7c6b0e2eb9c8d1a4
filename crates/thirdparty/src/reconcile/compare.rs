//! Whether an object that the service shows is the one that was sent.

use accredit_models::{Json, Personal, Timestamp};

/// How much an object looks like the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// It is another one.
    Other,
    /// It could be that one, changed by the service; or another one.
    Doubtful,
    /// All that was sent and is shown agrees.
    Same,
}

/// Compares field by field. What was not sent or is not shown says nothing.
#[derive(Debug)]
pub(super) struct Comparison(Likeness);

impl Comparison {
    pub(super) fn new() -> Self {
        Self(Likeness::Same)
    }

    /// A field that tells one object from another. One that was sent and is not shown leaves a doubt.
    pub(super) fn identity<T: Alike + ?Sized>(self, sent: Option<&T>, shown: Option<&T>) -> Self {
        let likeness = match (sent, shown) {
            (None, _) => Likeness::Same,
            (Some(_), None) => Likeness::Doubtful,
            (Some(sent), Some(shown)) => sent.alike(shown),
        };
        Self(self.0.min(likeness))
    }

    /// Any other field.
    pub(super) fn field<T: Alike + ?Sized>(self, sent: Option<&T>, shown: Option<&T>) -> Self {
        let likeness = match (sent, shown) {
            (Some(sent), Some(shown)) => sent.alike(shown).max(Likeness::Doubtful),
            _ => Likeness::Same,
        };
        Self(self.0.min(likeness))
    }

    pub(super) fn likeness(self) -> Likeness {
        self.0
    }
}

/// Compares a value that was sent with one that is shown, knowing what services do to what they keep.
pub(super) trait Alike {
    fn alike(&self, shown: &Self) -> Likeness;
}

fn same_if(is_same: bool) -> Likeness {
    if is_same {
        Likeness::Same
    } else {
        Likeness::Other
    }
}

/// Case and blanks do not count. Where only signs differ, or letters that have several spellings in Unicode, or where one of
/// them is empty, the service may have rewritten it; where asterisks are shown, it may show a part.
impl Alike for String {
    fn alike(&self, shown: &Self) -> Likeness {
        let words = |text: &str| {
            let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
            words.join(" ")
        };
        let letters = |text: &str| -> String {
            let kept = text.chars().filter(char::is_ascii_alphanumeric);
            kept.map(|letter| letter.to_ascii_lowercase()).collect()
        };
        if words(self) == words(shown) {
            return Likeness::Same;
        }
        let (ours, theirs) = (letters(self), letters(shown));
        let is_plain = self.is_ascii() && shown.is_ascii() && !shown.contains('*');
        if is_plain && ours != theirs && !ours.is_empty() && !theirs.is_empty() {
            Likeness::Other
        } else {
            Likeness::Doubtful
        }
    }
}

impl<T: Alike> Alike for Personal<T> {
    fn alike(&self, shown: &Self) -> Likeness {
        self.expose().alike(shown.expose())
    }
}

/// By content, whatever the spelling.
impl Alike for Json {
    fn alike(&self, shown: &Self) -> Likeness {
        let read = |json: &Json| json.decode::<serde_json::Value>().ok();
        same_if(self == shown || read(self).is_some_and(|value| read(shown) == Some(value)))
    }
}

/// To the microsecond: Python keeps no more, and cuts off the digits that follow.
impl Alike for Timestamp {
    fn alike(&self, shown: &Self) -> Likeness {
        let microsecond = |time: &Self| time.instant().as_nanosecond().div_euclid(1_000);
        same_if(microsecond(self) == microsecond(shown))
    }
}

/// Types whose equality is that of their meaning.
macro_rules! by_value {
    ($($name:ty),* $(,)?) => {$(
        impl Alike for $name {
            fn alike(&self, shown: &Self) -> Likeness {
                same_if(self == shown)
            }
        }
    )*};
}

by_value!(
    bool,
    i64,
    accredit_models::Date,
    accredit_models::Money,
    accredit_models::thirdparty::AccreditedInvestorType,
    accredit_models::thirdparty::CanadianEligibleInvestorType,
    accredit_models::thirdparty::Citizenship,
    accredit_models::thirdparty::Country,
    accredit_models::thirdparty::DocumentSide,
    accredit_models::thirdparty::EntityId,
    accredit_models::thirdparty::InvestmentId,
    accredit_models::thirdparty::InvestorId,
    accredit_models::thirdparty::InvestorType,
    accredit_models::thirdparty::KybDocumentType,
    accredit_models::thirdparty::OfferingId,
    accredit_models::thirdparty::PaymentMethod,
    accredit_models::thirdparty::UsState,
);

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Personal<String> {
        Personal::new(text.to_owned())
    }

    #[test]
    fn what_differs_decides() {
        let compare = |identity: (i64, i64), field: (i64, i64)| {
            Comparison::new()
                .field(Some(&field.0), Some(&field.1))
                .identity(Some(&identity.0), Some(&identity.1))
                .likeness()
        };
        assert_eq!(compare((1, 1), (2, 2)), Likeness::Same);
        assert_eq!(compare((1, 1), (2, 3)), Likeness::Doubtful);
        assert_eq!(compare((1, 2), (2, 2)), Likeness::Other);
        let silent = || Comparison::new().identity(None, Some(&1_i64));
        assert_eq!(
            silent().field(Some(&1_i64), None).likeness(),
            Likeness::Same
        );
        let doubtful = silent().identity(Some(&1_i64), None);
        assert_eq!(doubtful.likeness(), Likeness::Doubtful);
        let other = Comparison::new()
            .identity(Some(&1_i64), Some(&2))
            .field(Some(&1_i64), Some(&2));
        assert_eq!(other.likeness(), Likeness::Other);
    }

    #[test]
    fn what_a_service_rewrites_is_not_another() {
        use Likeness::{Doubtful, Other, Same};
        let texts = |sent, shown| text(sent).alike(&text(shown));
        assert_eq!(texts(" Ada@Example.com", "ada@example.com"), Same);
        assert_eq!(texts("Ada  King\tNoel", "Ada King Noel"), Same);
        assert_eq!(texts("Acme, Inc.", "Acme Inc"), Doubtful);
        // The same name, with the accent in the letter and beside it.
        assert_eq!(texts("Ren\u{e9}e", "Rene\u{301}e"), Doubtful);
        assert_eq!(texts("Ada", ""), Doubtful);
        assert_eq!(texts("ada@example.com", "a***@example.com"), Doubtful);
        assert_eq!(texts("Ada", "Adah"), Other);
        let money = |text: &str| text.parse::<accredit_models::Money>().unwrap();
        assert_eq!(money("5000").alike(&money("5000.00")), Same);
        assert_eq!(money("5000").alike(&money("5000.01")), Other);
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        let sent = json(r#"{"a": 1, "b": 2}"#);
        assert_eq!(sent.alike(&json(r#"{"b":2,"a":1}"#)), Same);
        assert_eq!(json("[1]").alike(&json("[2]")), Other);
    }

    #[test]
    fn times_are_compared_as_far_as_python_keeps_them() {
        use Likeness::{Other, Same};
        let times = |sent: &str, shown: &str| {
            let time = |text: &str| text.parse::<Timestamp>().unwrap();
            time(sent).alike(&time(shown))
        };
        let sent = "2026-03-01T10:00:00.123456789Z";
        assert_eq!(times(sent, "2026-03-01T10:00:00.123456Z"), Same);
        assert_eq!(times(sent, "2026-03-01T02:00:00.123456-08:00"), Same);
        // Cut off, and not rounded.
        assert_eq!(times(sent, "2026-03-01T10:00:00.123457Z"), Other);
        let before_1970 = "1969-12-31T23:59:59.999999900Z";
        assert_eq!(times(before_1970, "1969-12-31T23:59:59.999999Z"), Same);
    }
}
