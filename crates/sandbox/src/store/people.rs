//! Made-up people, companies and trusts, and the dice that choose among them.
//!
//! Nobody here exists: addresses for mail are at example.com, telephone numbers are of the range
//! kept for fiction, tax numbers are of ranges that are never given out.

/// A small generator of numbers that follow from a seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x6163_6372_6564_6974)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; 0 when the bound is not positive.
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        let bound = u64::try_from(bound).unwrap_or_default().max(1);
        i64::try_from(self.next() % bound).unwrap_or_default()
    }

    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// One of some things.
    pub(super) fn pick<T: Copy + Default>(&mut self, things: &[T]) -> T {
        let count = i64::try_from(things.len()).unwrap_or_default();
        let place = usize::try_from(self.below(count)).unwrap_or_default();
        things.get(place).copied().unwrap_or_default()
    }
}

/// Where somebody lives: city, state or region, postal code, country.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    pub(super) postal_code: &'static str,
    pub(super) country: &'static str,
}

/// One natural person.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) date_of_birth: String,
    pub(super) tax_id_number: String,
    pub(super) street: String,
    pub(super) place: Place,
}

impl Person {
    /// The person with a number; the number keeps the e-mail address unique.
    pub(super) fn new(dice: &mut Dice, number: i64, abroad: bool) -> Self {
        let first_name = dice.pick(&FIRST_NAMES);
        let last_name = dice.pick(&LAST_NAMES);
        let plain = |name: &str| -> String {
            name.chars()
                .filter(char::is_ascii_alphabetic)
                .map(|letter| letter.to_ascii_lowercase())
                .collect()
        };
        let place = dice.pick(if abroad { &PLACES_ABROAD } else { &PLACES });
        Self {
            first_name,
            last_name,
            email: format!(
                "{}.{}.{number}@example.com",
                plain(first_name),
                plain(last_name)
            ),
            phone: format!("+1202555{:04}", 100 + dice.below(100)),
            date_of_birth: format!(
                "{}-{:02}-{:02}",
                1940 + dice.below(63),
                1 + dice.below(12),
                1 + dice.below(28)
            ),
            tax_id_number: nobodys_number(dice, place.country),
            street: format!("{} {}", 1 + dice.below(9_899), dice.pick(&STREETS)),
            place,
        }
    }

    /// The name of a company, a trust or an IRA of this person.
    pub(super) fn organisation(&self, dice: &mut Dice, kind: &str) -> String {
        let Self {
            first_name,
            last_name,
            ..
        } = self;
        match kind {
            "trust" => format!(
                "The {last_name} {} Trust",
                dice.pick(&["Family", "Living", "Revocable"])
            ),
            "trust_ira" => format!(
                "{} FBO {first_name} {last_name} IRA",
                dice.pick(&CUSTODIANS)
            ),
            _ => format!(
                "{last_name} {} {}",
                dice.pick(&TRADES),
                dice.pick(&["LLC", "Inc.", "LP", "Corp."])
            ),
        }
    }

    /// Another tax number, for an organisation.
    pub(super) fn organisation_number(&self, dice: &mut Dice) -> String {
        match self.place.country {
            "US" => format!("00-{:07}", dice.below(10_000_000)),
            country => nobodys_number(dice, country),
        }
    }
}

/// A tax number of the right form that belongs to nobody: 9xx with a group below 50 is neither a
/// social security number nor an ITIN.
fn nobodys_number(dice: &mut Dice, country: &str) -> String {
    match country {
        "US" => format!(
            "9{:02}-{:02}-{:04}",
            dice.below(100),
            1 + dice.below(48),
            1 + dice.below(9_998)
        ),
        "CA" => format!("000 {:03} {:03}", dice.below(1_000), dice.below(1_000)),
        country => format!("{country}-TEST-{:06}", dice.below(1_000_000)),
    }
}

const FIRST_NAMES: [&str; 48] = [
    "Ada",
    "Alan",
    "Amina",
    "Ana",
    "Anders",
    "Barbara",
    "Björn",
    "Carlos",
    "Chiara",
    "Claude",
    "Dorothy",
    "Edsger",
    "Elena",
    "Emeka",
    "Émilie",
    "Frances",
    "Grace",
    "Hana",
    "Hedy",
    "Hiro",
    "Ingrid",
    "Ivan",
    "James",
    "Jean",
    "Joan",
    "Jorge",
    "Katherine",
    "Kofi",
    "Lars",
    "Leila",
    "Lin",
    "Margaret",
    "Mary",
    "Mateo",
    "Mei",
    "Niklaus",
    "Noor",
    "Olga",
    "Priya",
    "Radia",
    "Rosa",
    "Samuel",
    "Sofía",
    "Tariq",
    "Thomas",
    "Violet",
    "Wei",
    "Zoë",
];

const LAST_NAMES: [&str; 56] = [
    "Abara",
    "Adler",
    "Andersson",
    "Baker",
    "Bergström",
    "Bianchi",
    "Carter",
    "Castillo",
    "Chen",
    "Cohen",
    "Dubois",
    "Eriksen",
    "Evans",
    "Fernández",
    "Fischer",
    "Garcia",
    "Hartley",
    "Hughes",
    "Ibrahim",
    "Ito",
    "Jensen",
    "Johnson",
    "Kaplan",
    "Kim",
    "Kowalski",
    "Lambert",
    "Larsen",
    "Lewis",
    "Lopez",
    "Marino",
    "Meyer",
    "Moreau",
    "Morgan",
    "Müller",
    "Nakamura",
    "Nguyen",
    "Novak",
    "O'Brien",
    "Okafor",
    "Olsen",
    "Patel",
    "Petrov",
    "Quinn",
    "Reyes",
    "Rossi",
    "Ruiz",
    "Schmidt",
    "Silva",
    "Singh",
    "Suzuki",
    "Tanaka",
    "Thompson",
    "Vargas",
    "Walker",
    "Weber",
    "Young",
];

const STREETS: [&str; 12] = [
    "Analytical Avenue",
    "Birch Lane",
    "Canal Street",
    "Difference Drive",
    "Elm Street",
    "Foundry Road",
    "Garden Terrace",
    "Harbor View",
    "Lovelace Lane",
    "Mill Road",
    "Orchard Way",
    "Station Road",
];

const TRADES: [&str; 12] = [
    "Advisors",
    "Capital",
    "Family Office",
    "Foods",
    "Growth Partners",
    "Holdings",
    "Industries",
    "Investments",
    "Logistics",
    "Properties",
    "Software",
    "Ventures",
];

const CUSTODIANS: [&str; 4] = [
    "Example Trust Company",
    "Sandbox Custody",
    "Placeholder Bank",
    "Specimen Trust",
];

const fn place(
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    country: &'static str,
) -> Place {
    Place {
        city,
        state,
        postal_code,
        country,
    }
}

const PLACES: [Place; 16] = [
    place("Austin", "TX", "78701", "US"),
    place("Boston", "MA", "02108", "US"),
    place("Brooklyn", "NY", "11201", "US"),
    place("Chicago", "IL", "60601", "US"),
    place("Denver", "CO", "80202", "US"),
    place("Honolulu", "HI", "96813", "US"),
    place("Miami", "FL", "33128", "US"),
    place("Minneapolis", "MN", "55401", "US"),
    place("New York", "NY", "10005", "US"),
    place("Phoenix", "AZ", "85003", "US"),
    place("Portland", "OR", "97204", "US"),
    place("Raleigh", "NC", "27601", "US"),
    place("San Diego", "CA", "92101", "US"),
    place("San Francisco", "CA", "94105", "US"),
    place("Seattle", "WA", "98101", "US"),
    place("Wilmington", "DE", "19801", "US"),
];

const PLACES_ABROAD: [Place; 12] = [
    place("Amsterdam", "", "1011", "NL"),
    place("Berlin", "", "10115", "DE"),
    place("Dublin", "", "D01", "IE"),
    place("London", "", "EC1A 1AA", "GB"),
    place("Madrid", "", "28001", "ES"),
    place("Paris", "", "75001", "FR"),
    place("Singapore", "", "018956", "SG"),
    place("Stockholm", "", "111 20", "SE"),
    place("Sydney", "NSW", "2000", "AU"),
    place("Tokyo", "", "100-0001", "JP"),
    place("Toronto", "ON", "M5H 2N2", "CA"),
    place("Zürich", "", "8001", "CH"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(throw(1), throw(1));
        assert_ne!(throw(1), throw(2));
        assert_eq!(Dice::new(1).below(0), 0);
        assert_eq!(Dice::new(1).pick::<&str>(&[]), "");
    }

    #[test]
    fn nobody_can_be_mistaken_for_somebody() {
        let mut dice = Dice::new(3);
        for number in 0..500 {
            let person = Person::new(&mut dice, number, number % 3 == 0);
            assert!(person.email.ends_with("@example.com") && person.email.is_ascii());
            assert!(person.phone.starts_with("+120255501"), "{}", person.phone);
            if person.place.country == "US" {
                let group: u32 = person.tax_id_number[4..6].parse().unwrap();
                assert!(person.tax_id_number.starts_with('9') && (1..50).contains(&group));
            }
        }
    }
}
