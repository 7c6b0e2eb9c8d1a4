//! What the knobs do to one webhook: drawn from the seed, so that the same calls meet the same fate.

use super::settings::WebhookSettings;

/// The fate of one webhook, before anything happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) dropped: bool,
    pub(super) duplicated: bool,
    pub(super) delayed: bool,
    pub(super) reordered: bool,
    pub(super) forged: bool,
}

impl Fate {
    /// Draws from 64 random hex digits: eight for each knob.
    pub(super) fn drawn(settings: &WebhookSettings, digits: &str) -> Self {
        let draw = |knob: usize, percent: u8| {
            let drawn = digits
                .get(knob * 8..knob * 8 + 8)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok());
            drawn.is_some_and(|drawn| drawn % 100 < u32::from(percent))
        };
        Self {
            dropped: draw(0, settings.drop_percent),
            duplicated: draw(1, settings.duplicate_percent),
            delayed: draw(2, settings.delay_percent),
            reordered: draw(3, settings.reorder_percent),
            forged: draw(4, settings.forge_percent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets;

    #[test]
    fn percentages_are_met_and_repeat_with_the_seed() {
        let settings = WebhookSettings {
            drop_percent: 30,
            duplicate_percent: 100,
            ..WebhookSettings::default()
        };
        let fates = |seed: u64| -> Vec<Fate> {
            (0..1000)
                .map(|count| Fate::drawn(&settings, &secrets::opaque(seed, "webhook", count)))
                .collect()
        };
        let drawn = fates(7);
        assert_eq!(drawn, fates(7));
        assert_ne!(drawn, fates(8));
        let dropped = drawn.iter().filter(|fate| fate.dropped).count();
        assert!((250..350).contains(&dropped), "{dropped} of 1000");
        assert!(drawn.iter().all(|fate| fate.duplicated && !fate.delayed));
    }
}
