//! The checkers, one for each property. Each is written from the property's definition, and judges an [`Index`](crate::index::Index).

pub(crate) mod agreement;
pub(crate) mod best_effort_validity;
pub(crate) mod causal_delivery;
pub(crate) mod fifo_delivery;
pub(crate) mod fifo_total;
pub(crate) mod integrity;
pub(crate) mod no_creation;
pub(crate) mod no_duplication;
pub(crate) mod stability;
pub(crate) mod total_order;
pub(crate) mod uniform_agreement;
pub(crate) mod uniform_total_order;
pub(crate) mod validity;
pub(crate) mod view_synchrony;
