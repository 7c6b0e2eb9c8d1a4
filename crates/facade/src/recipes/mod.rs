//! Recipes: whole tasks across both services. Text and examples that run in the tests; no code of its own.

#[doc = include_str!("reg_d_506c.md")]
pub mod reg_d_506c {}
