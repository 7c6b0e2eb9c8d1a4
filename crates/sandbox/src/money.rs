//! Money in the store: whole cents in an INTEGER column, compared and added exactly.
//!
//! Never a float: amounts come in as decimal text, become cents, and go out as text with two
//! places.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// Cents as Django's `DecimalField(decimal_places=2)` prints them: `1050` → `"10.50"`.
pub(crate) fn text(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

/// A percentage of an amount, rounded half up to the cent. `None` when the result leaves 64 bits.
pub(crate) fn percentage(cents: i64, percent: &str) -> Option<i64> {
    let percent: Decimal = percent.parse().ok()?;
    Decimal::from(cents)
        .checked_mul(percent)?
        .checked_div(Decimal::ONE_HUNDRED)?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_print_with_two_places_always() {
        assert_eq!(text(0), "0.00");
        assert_eq!(text(5), "0.05");
        assert_eq!(text(1_050), "10.50");
        assert_eq!(text(123_456_789), "1234567.89");
    }

    #[test]
    fn fees_round_half_up_to_the_cent() {
        assert_eq!(percentage(1_000, "3.5"), Some(35));
        assert_eq!(percentage(1_010, "2.50"), Some(25));
        assert_eq!(percentage(1_020, "2.50"), Some(26));
        assert_eq!(percentage(i64::MAX, "1000"), None);
        assert_eq!(percentage(100, "x"), None);
    }
}
