//! Whether an object that the service shows is the one that was sent.

use accredit_models::{Json, Personal};

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
    pub(super) fn identity<T: Alike + ?Sized>(
        mut self,
        sent: Option<&T>,
        shown: Option<&T>,
    ) -> Self {
        self.0 = match (sent, shown) {
            (Some(_), None) => self.0.min(Likeness::Doubtful),
            _ if differ(sent, shown) => Likeness::Other,
            _ => self.0,
        };
        self
    }

    /// Any other field.
    pub(super) fn field<T: Alike + ?Sized>(mut self, sent: Option<&T>, shown: Option<&T>) -> Self {
        if differ(sent, shown) {
            self.0 = self.0.min(Likeness::Doubtful);
        }
        self
    }

    pub(super) fn likeness(self) -> Likeness {
        self.0
    }
}

fn differ<T: Alike + ?Sized>(sent: Option<&T>, shown: Option<&T>) -> bool {
    matches!((sent, shown), (Some(sent), Some(shown)) if !sent.alike(shown))
}

/// Equal as far as a service keeps what it is sent.
pub(super) trait Alike {
    fn alike(&self, other: &Self) -> bool;
}

impl Alike for String {
    fn alike(&self, other: &Self) -> bool {
        self.trim().to_lowercase() == other.trim().to_lowercase()
    }
}

impl<T: Alike> Alike for Personal<T> {
    fn alike(&self, other: &Self) -> bool {
        self.expose().alike(other.expose())
    }
}

/// By content, whatever the spelling.
impl Alike for Json {
    fn alike(&self, other: &Self) -> bool {
        let read = |json: &Json| json.decode::<serde_json::Value>().ok();
        self == other || read(self).is_some_and(|value| read(other) == Some(value))
    }
}

/// Types whose equality is that of their meaning.
macro_rules! by_value {
    ($($name:ty),* $(,)?) => {$(
        impl Alike for $name {
            fn alike(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

by_value!(
    bool,
    i64,
    accredit_models::Date,
    accredit_models::Money,
    accredit_models::Timestamp,
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
    fn what_a_service_rewrites_is_alike() {
        assert!(text(" Ada@Example.com").alike(&text("ada@example.com")));
        assert!(!text("Ada").alike(&text("Adah")));
        let money = |text: &str| text.parse::<accredit_models::Money>().unwrap();
        assert!(money("5000").alike(&money("5000.00")));
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        assert!(json(r#"{"a": 1, "b": 2}"#).alike(&json(r#"{"b":2,"a":1}"#)));
        assert!(!json("[1]").alike(&json("[2]")));
    }
}
