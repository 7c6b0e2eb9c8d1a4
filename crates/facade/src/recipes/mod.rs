//! Recipes: whole tasks, from the first call to the last. Text and examples that run in the tests; no code of its own.

#[doc = include_str!("take_an_investment.md")]
pub mod take_an_investment {}

#[doc = include_str!("reg_d_506c.md")]
pub mod reg_d_506c {}
