//! Writes how a list is walked. Leaves the walk itself to the transport, and what all lists of a service have in common to
//! `crate::paging` of its crate.

use std::fmt::Write as _;

use super::{answer, struct_name};
use crate::codegen::{
    catalog::{Catalog, Operation, Rust},
    openapi::ResponseKind,
};
use crate::error::{Error, Result};

/// The query parameter with the number of the page.
const PAGE: &str = "page";

/// How a list is asked for its next page: by the number that stands in the link, never by the link.
pub(super) fn pagination(
    text: &mut String,
    catalog: &Catalog,
    operation: &Operation,
) -> Result<()> {
    let (ResponseKind::Page, Some(item)) = (operation.kind, &operation.output) else {
        return Ok(());
    };
    let page = operation
        .query
        .iter()
        .find(|argument| argument.wire == PAGE && argument.rust == Rust::Integer)
        .filter(|argument| !argument.required)
        .ok_or_else(|| Error::new(format!("{}: pages, but no `{PAGE}`", operation.id)))?;
    let field = &page.name;
    // A parameter of the caller's own would go before ours, and every page would be the same.
    let raw = if operation.raw_parameters {
        format!("at.raw.retain(|(name, _)| name != {PAGE:?});\n")
    } else {
        String::new()
    };
    writeln!(
        text,
        "\nimpl Paginate for {} {{\ntype Item = {};\n\n\
         fn start(&self) -> Option<Cursor> {{ paging::start(self.{field}) }}\n\n\
         fn at(&self, cursor: &Cursor) -> Self {{\nlet mut at = self.clone();\nat.{field} = paging::number(cursor);\n{raw}at\n}}\n\n\
         fn page_info(page: &Self::Output) -> Result<PageInfo, DecodeError> {{ paging::info(page) }}\n\n\
         fn into_items(page: Self::Output) -> Vec<Self::Item> {{ page.results }}\n}}",
        struct_name(operation),
        answer(catalog, operation, item),
    )?;
    Ok(())
}
