//! From settings to a client: what is missing, what contradicts another, what cannot work in this
//! build. Single values were checked by their setters.

use super::{ClientBuilder, Timeouts};
use crate::client::{Client, Entry, LayeredService};
use crate::clock;
use crate::download::Limits;
use crate::error::{ConfigError, TimeoutPhase};
use crate::layer::{
    AttemptTraceLayer, AuthLayer, BaseUriLayer, CollectLayer, DefaultHeadersLayer, InFlightLayer,
    OperationLayer, RequestIdLayer, RetryLayer, TimeoutLayer,
};
use crate::stack::{self, Layers};
use crate::transport::Transport;

impl ClientBuilder {
    /// Checks the settings and makes the client.
    ///
    /// # Errors
    ///
    /// When a setting is missing, contradicts another or cannot work in this build; the error names
    /// it.
    pub fn build(mut self) -> Result<Client, ConfigError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let base = self
            .base_uri
            .take()
            .ok_or_else(|| ConfigError::new("base_uri", "is not set"))?;
        let base_uri = BaseUriLayer::new(base)?;
        let origin = base_uri.origin().clone();
        #[cfg(feature = "hyper")]
        let root = base_uri.root();
        let Timeouts {
            connect,
            first_byte,
            attempt,
            operation,
        } = self.timeouts;
        let Limits { idle, total, .. } = self.downloads;
        if !clock::EXISTS
            && [connect, first_byte, attempt, operation, idle, total]
                .into_iter()
                .any(|limit| limit.is_some())
        {
            return Err(ConfigError::new("timeouts", "this platform has no timers"));
        }
        let layers = Layers {
            operation: OperationLayer::new(operation).counted(),
            in_flight: InFlightLayer::new(self.max_in_flight),
            request_id: RequestIdLayer::new(self.request_id.clone()),
            auth: AuthLayer::new(
                self.source.take(),
                origin.clone(),
                self.allow_insecure_loopback,
            )?,
            base_uri,
            retry: RetryLayer::new(self.retry)
                .observed(self.observer.clone())
                .counted(),
            attempt: TimeoutLayer::new(TimeoutPhase::Attempt, attempt).nested(),
            collect: CollectLayer::new(self.caps),
            decompress: self.decompress,
            first_byte: TimeoutLayer::new(TimeoutPhase::FirstByte, first_byte).nested(),
            headers: DefaultHeadersLayer::new(self.headers),
            trace: AttemptTraceLayer::new().observed(self.observer.clone()),
        };
        #[cfg(feature = "hyper")]
        if self.transport.is_some() && self.connector.is_some() {
            return Err(ConfigError::new(
                "connector",
                "there is a transport too, which makes connections of its own",
            ));
        }
        let carrier = match self.transport.take() {
            Some(carrier) => carrier,
            #[cfg(feature = "hyper")]
            None => {
                let connector =
                    super::connections::connector(self.tls, self.connector, self.http2, &origin)?;
                super::connections::carrier(connector, self.http2, connect, self.max_headers, root)
            }
            #[cfg(not(feature = "hyper"))]
            None => {
                return Err(ConfigError::new(
                    "transport",
                    "is not set, and this build has none of its own",
                ));
            }
        };
        let transport = Transport::new(carrier, self.max_headers);
        let stack = stack::compose(&layers, transport);
        let entry = if self.layers.is_empty() {
            Entry::Plain(stack)
        } else {
            let service = LayeredService::new(stack);
            Entry::Layered(
                self.layers
                    .into_iter()
                    .fold(service, |service, layer| layer(service)),
            )
        };
        Ok(Client::new(
            entry,
            origin,
            self.request_id,
            self.observer,
            self.downloads,
        ))
    }
}
