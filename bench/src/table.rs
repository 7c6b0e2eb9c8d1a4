//! Tables of figures, and which of them are above their limit.

/// One figure of a measure.
pub(crate) struct Row {
    pub(crate) name: String,
    /// As it was measured, with its unit.
    pub(crate) figure: String,
    /// What is compared with the limit: a ratio, or the figure itself.
    pub(crate) value: f64,
    /// Peers have none.
    pub(crate) limit: Option<f64>,
}

impl Row {
    pub(crate) fn new(name: impl ToString, figure: String, value: f64) -> Self {
        Self {
            name: name.to_string(),
            figure,
            value,
            limit: None,
        }
    }

    pub(crate) fn at_most(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets a limit for our own row only.
    pub(crate) fn ours_at_most(self, limit: f64) -> Self {
        if matches!(self.name.as_str(), "accredit" | "thirdparty") {
            self.at_most(limit)
        } else {
            self
        }
    }

    /// Not a number is never good.
    fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| !(self.value <= limit))
    }
}

/// Prints a measure and counts the figures above their limit.
pub(crate) fn print(title: &str, unit: &str, rows: &[Row]) -> usize {
    println!("\n{title}\n");
    println!("{:<28} {:>18} {unit:>14} {:>8}", "", "figure", "limit");
    for row in rows {
        let limit = row
            .limit
            .map_or_else(String::new, |limit| format!("{limit:.2}"));
        let verdict = match row.limit {
            None => "",
            Some(_) if row.is_over() => "OVER",
            Some(_) => "ok",
        };
        println!(
            "{:<28} {:>18} {:>14.3} {limit:>8} {verdict}",
            row.name, row.figure, row.value
        );
    }
    rows.iter().filter(|row| row.is_over()).count()
}

/// The middle of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
