//! Wire names to Rust names.

/// The words of a wire name: split at everything that is no letter or digit.
fn words(wire: &str) -> impl Iterator<Item = &str> {
    wire.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// `CamelCase` of a wire name: `reg_d_506b` gives `RegD506b`, `checks.list` gives `ChecksList`.
pub(crate) fn camel(wire: &str) -> String {
    words(wire)
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

/// The variant of an enum value; its capitals stay, so that country codes do.
pub(crate) fn variant(wire: &str) -> String {
    let name = camel(wire);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("V{name}")
    } else {
        name
    }
}

/// The constant of a type: `InvestmentStatus` gives `INVESTMENT_STATUS`.
pub(crate) fn constant(name: &str) -> String {
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

/// The field of a property or parameter: snake case with single underscores. `type` is a keyword, so it reads `kind`.
pub(crate) fn field(wire: &str) -> String {
    if wire == "type" {
        return "kind".to_owned();
    }
    let name: Vec<&str> = words(wire).collect();
    let name = name.join("_").to_ascii_lowercase();
    if name == "type_in" {
        "kind_in".to_owned()
    } else {
        name
    }
}

/// What a filter asks, from its name: `investor__entity__email` asks that `investor.entity.email` is this.
pub(crate) fn lookup(wire: &str) -> String {
    let (field, lookup) = wire.rsplit_once("__").unwrap_or((wire, ""));
    let phrase = match lookup {
        "gt" => "above this",
        "gte" => "at least this",
        "lt" => "below this",
        "lte" => "at most this",
        "in" => "one of these",
        "isnull" => "missing or not",
        _ => return format!("`{}` is this", wire.replace("__", ".")),
    };
    format!("`{}` is {phrase}", field.replace("__", "."))
}

/// A name as a sentence: `date_of_birth` gives `Date of birth`.
pub(crate) fn sentence(wire: &str) -> String {
    let text = words(wire).collect::<Vec<_>>().join(" ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_read_as_rust() {
        for (wire, rust) in [
            ("started", "Started"),
            ("reg_d_506b", "RegD506b"),
            ("US", "US"),
            ("United States", "UnitedStates"),
            ("US/Pacific", "USPacific"),
            ("waiting-for-review", "WaitingForReview"),
        ] {
            assert_eq!(variant(wire), rust);
        }
    }

    #[test]
    fn filters_say_what_they_do() {
        for (wire, words) in [
            ("amount__gte", "`amount` is at least this"),
            ("investor__entity__email", "`investor.entity.email` is this"),
            ("status__in", "`status` is one of these"),
        ] {
            assert_eq!(lookup(wire), words);
        }
    }

    #[test]
    fn fields_have_single_underscores_and_no_keywords() {
        for (wire, rust) in [
            ("type", "kind"),
            ("type__in", "kind_in"),
            ("investor__type", "investor_type"),
            ("amount__gte", "amount_gte"),
            ("e-signature", "e_signature"),
        ] {
            assert_eq!(field(wire), rust);
        }
    }
}
