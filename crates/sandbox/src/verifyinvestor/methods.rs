//! The ways in which an investor can be verified, by kind of request.
//!
//! The service's own list is not documented and no call shows what was chosen, so nothing is stored:
//! these are the ways that the securities rules know, and a choice lives in the page's address.

/// One way, as the page offers it.
#[derive(Debug)]
pub(super) struct Method {
    /// As in the address and the form.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// What the investor has to show.
    pub(super) hint: &'static str,
}

const fn method(name: &'static str, label: &'static str, hint: &'static str) -> Method {
    Method { name, label, hint }
}

static ACCREDITATION: [Method; 6] = [
    method(
        "income",
        "Income",
        "Tax forms of the last two years, and what you expect of this one.",
    ),
    method(
        "net_worth",
        "Net worth",
        "Statements of what you own, and a credit report of what you owe.",
    ),
    method(
        "professional_letter",
        "A professional's letter",
        "From a broker-dealer, an investment adviser, an attorney or an accountant.",
    ),
    method(
        "professional_license",
        "Professional licence",
        "A licence to advise on securities or to sell them, in good standing.",
    ),
    method(
        "entity_assets",
        "Assets of a company or trust",
        "Statements of what it owns.",
    ),
    method(
        "entity_owners",
        "Owners of a company",
        "Who they are, and that each of them is accredited.",
    ),
];

static AML_KYC: [Method; 2] = [
    method(
        "identity_document",
        "Identity document",
        "A passport or a driving licence.",
    ),
    method(
        "entity_documents",
        "Papers of a company or trust",
        "Its formation, and who controls it.",
    ),
];

static QUALIFIED_PURCHASER: [Method; 3] = [
    method(
        "investments",
        "Investments",
        "Statements of the investments that you own.",
    ),
    method(
        "entity_investments",
        "Investments of a company or trust",
        "Statements of what it owns, or of what each owner does.",
    ),
    method(
        "professional_letter",
        "A professional's letter",
        "From a broker-dealer, an investment adviser, an attorney or an accountant.",
    ),
];

static QUALIFIED_CLIENT: [Method; 3] = [
    method(
        "assets_under_management",
        "Assets under management",
        "A statement of the adviser who manages them.",
    ),
    method(
        "net_worth",
        "Net worth",
        "Statements of what you own, and a credit report of what you owe.",
    ),
    method(
        "qualified_purchaser",
        "Being a qualified purchaser",
        "Statements of the investments that you own.",
    ),
];

/// The ways of a kind of request, the one without a name being accreditation.
pub(super) fn of(kind: Option<&str>) -> &'static [Method] {
    match kind {
        Some("aml_kyc") => &AML_KYC,
        Some("qualified_purchaser") => &QUALIFIED_PURCHASER,
        Some("qualified_client") => &QUALIFIED_CLIENT,
        _ => &ACCREDITATION,
    }
}
