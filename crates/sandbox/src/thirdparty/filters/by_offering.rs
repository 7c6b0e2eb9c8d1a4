//! Pages of some offerings' investments in the order of their amounts.
//!
//! The investments of one offering stand in that order in an index, those of several do not. But the
//! first ones of all are among the first ones of each, and these few are quickly put in order.

use rusqlite::types::Value;

use super::{Resource, Selection, integer, statement};

/// What a condition on the offering begins with.
pub(super) const OFFERING: &str = "i.offering_id ";
/// What the order of that index begins with.
pub(super) const AMOUNT: &str = "i.amount_cents";

impl Selection {
    /// Statement and values of such a page; `None` where the selection is another.
    pub(super) fn page_by_offering(
        &self,
        resource: &Resource,
        order: &str,
        limit: usize,
        skipped: usize,
    ) -> Option<(String, Vec<Value>)> {
        let of_investment = order.split(", ").all(|term| term.starts_with("i."));
        if resource.table != "investments i" || !order.starts_with(AMOUNT) || !of_investment {
            return None;
        }
        let mut values = self.values.iter().cloned();
        let (mut of_offering, mut offering_values) = (Vec::new(), Vec::new());
        let (mut others, mut other_values) = (Vec::new(), Vec::new());
        for condition in &self.conditions {
            let own = values.by_ref().take(condition.matches('?').count());
            if let Some(rest) = condition.strip_prefix(OFFERING) {
                of_offering.push(format!("whose.id {rest}"));
                offering_values.extend(own);
            } else {
                others.push(condition.clone());
                other_values.extend(own);
            }
        }
        if of_offering.is_empty() {
            return None;
        }
        others.push(format!("{OFFERING}= whose.id"));
        let first = format!("ORDER BY {order} LIMIT ?");
        let of_one = statement(resource, "", resource.key, &others, &first);
        let sql = format!(
            "SELECT top.id FROM offerings whose CROSS JOIN investments top ON top.id IN ({of_one})
             WHERE {} ORDER BY {} LIMIT ? OFFSET ?",
            of_offering.join(" AND "),
            order.replace("i.", "top.")
        );
        let mut values = other_values;
        values.push(integer(limit + skipped));
        values.extend(offering_values);
        values.extend([integer(limit), integer(skipped)]);
        Some((sql, values))
    }
}
