//! Names of fields in a query: the order of a list, the columns of a `values` call. Typed by field, with the service's own
//! text as the way out. Which names there are is the contract's.

use std::{borrow::Cow, fmt, marker::PhantomData};

use accredit_models::thirdparty::{InvestmentColumn, InvestorColumn};

/// A field to order by, with its direction.
///
/// ```no_run
/// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
/// use accredit_thirdparty::{InvestmentOrdering, Order};
///
/// // The newest first; of the same moment, the largest first.
/// let newest = [Order::Desc(InvestmentOrdering::CreatedAt), Order::Desc(InvestmentOrdering::Amount)];
/// let page = client.investments().list().ordering(newest).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order<F> {
    /// The smallest, oldest or first in the alphabet first.
    Asc(F),
    /// The largest, newest or last in the alphabet first.
    Desc(F),
}

/// As the service writes it: `created_at` or `-created_at`.
impl<F: fmt::Display> fmt::Display for Order<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asc(field) => write!(f, "{field}"),
            Self::Desc(field) => write!(f, "-{field}"),
        }
    }
}

/// The order of a list: one [`Order`], several of them, or a text that goes as it is.
///
/// ```
/// use accredit_thirdparty::{InvestorOrdering, Order, OrderBy};
///
/// let typed = OrderBy::from([Order::Desc(InvestorOrdering::Type), Order::Asc(InvestorOrdering::Id)]);
/// assert_eq!(typed.as_str(), "-type,id");
/// assert_eq!(typed, OrderBy::from("-type,id"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy<F> {
    text: String,
    fields: PhantomData<F>,
}

impl<F> OrderBy<F> {
    fn of(text: String) -> Self {
        Self {
            text,
            fields: PhantomData,
        }
    }

    /// The order as the service writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl<F: fmt::Display> FromIterator<Order<F>> for OrderBy<F> {
    fn from_iter<I: IntoIterator<Item = Order<F>>>(orders: I) -> Self {
        let orders: Vec<String> = orders.into_iter().map(|order| order.to_string()).collect();
        Self::of(orders.join(","))
    }
}

impl<F: fmt::Display> From<Order<F>> for OrderBy<F> {
    fn from(order: Order<F>) -> Self {
        Self::of(order.to_string())
    }
}

impl<F: fmt::Display, const N: usize> From<[Order<F>; N]> for OrderBy<F> {
    fn from(orders: [Order<F>; N]) -> Self {
        orders.into_iter().collect()
    }
}

impl<F: fmt::Display> From<Vec<Order<F>>> for OrderBy<F> {
    fn from(orders: Vec<Order<F>>) -> Self {
        orders.into_iter().collect()
    }
}

impl<F> From<&str> for OrderBy<F> {
    fn from(text: &str) -> Self {
        Self::of(text.to_owned())
    }
}

impl<F> From<String> for OrderBy<F> {
    fn from(text: String) -> Self {
        Self::of(text)
    }
}

/// The lists of columns that a `values` call can be asked for. Implemented for [`InvestmentColumn`] and
/// [`InvestorColumn`], and for nothing else.
pub trait Columns: private::Sealed + Copy {
    /// The column as the service names it.
    fn name(self) -> &'static str;
}

mod private {
    pub trait Sealed {}
}

macro_rules! columns {
    ($($columns:ident),*) => {
        $(
            impl private::Sealed for $columns {}

            impl Columns for $columns {
                fn name(self) -> &'static str {
                    self.as_str()
                }
            }
        )*
    };
}

columns!(InvestmentColumn, InvestorColumn);

/// A column of a `values` call: one of the documented ones, or any by its name.
///
/// ```
/// use accredit_thirdparty::{Column, InvestmentColumn};
///
/// let columns: [Column<InvestmentColumn>; 2] = [InvestmentColumn::OfferingName.into(), "offering__tomorrow".into()];
/// assert_eq!(columns.map(|column| column.to_string()), ["offering__name", "offering__tomorrow"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column<C> {
    name: Cow<'static, str>,
    of: PhantomData<C>,
}

impl<C> Column<C> {
    fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            of: PhantomData,
        }
    }

    pub(crate) fn into_name(self) -> String {
        self.name.into_owned()
    }
}

impl<C> fmt::Display for Column<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<C: Columns> From<C> for Column<C> {
    fn from(column: C) -> Self {
        Self::named(column.name())
    }
}

impl<C: Columns> From<&str> for Column<C> {
    fn from(name: &str) -> Self {
        Self::named(name.to_owned())
    }
}

impl<C: Columns> From<String> for Column<C> {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}
