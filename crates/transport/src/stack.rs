//! The one place where the layers are put together.

use tower_layer::Layer as _;

use crate::layer::auth::Auth;
use crate::layer::base_uri::BaseUri;
use crate::layer::collect::Collect;
use crate::layer::decompress::Decompress;
use crate::layer::headers::DefaultHeaders;
use crate::layer::in_flight::InFlight;
use crate::layer::operation::Operation;
use crate::layer::request_id::RequestId;
use crate::layer::retry::Retry;
use crate::layer::timeout::Timeout;
use crate::layer::trace::AttemptTrace;
use crate::layer::{
    AttemptTraceLayer, AuthLayer, BaseUriLayer, CollectLayer, DecompressLayer, DefaultHeadersLayer,
    InFlightLayer, OperationLayer, RequestIdLayer, RetryLayer, TimeoutLayer,
};
use crate::transport::Transport;

/// The settings of every layer, ready to use.
pub(crate) struct Layers {
    pub(crate) operation: OperationLayer,
    pub(crate) in_flight: InFlightLayer,
    pub(crate) request_id: RequestIdLayer,
    pub(crate) base_uri: BaseUriLayer,
    pub(crate) retry: RetryLayer,
    pub(crate) attempt: TimeoutLayer,
    pub(crate) collect: CollectLayer,
    pub(crate) decompress: DecompressLayer,
    pub(crate) auth: AuthLayer,
    pub(crate) first_byte: TimeoutLayer,
    pub(crate) headers: DefaultHeadersLayer,
    pub(crate) trace: AttemptTraceLayer,
}

/// What [`compose`] gives: a type with a name, so that it needs no box and is compiled once, here.
pub(crate) type Stack = Operation<
    InFlight<
        BaseUri<
            Retry<
                DefaultHeaders<
                    RequestId<Timeout<Collect<Decompress<Auth<Timeout<AttemptTrace<Transport>>>>>>>,
                >,
            >,
        >,
    >,
>;

/// Puts the layers around the transport. To be read from the bottom: the innermost comes first.
pub(crate) fn compose(layers: &Layers, transport: Transport) -> Stack {
    // Innermost: counts what really goes to the transport, so that "never sent" is a fact and not a
    // guess.
    let service = layers.trace.layer(transport);
    // Inside auth: a login that takes its time is not the server's slowness with this request.
    let service = layers.first_byte.layer(service);
    // Inside the attempt: every attempt gets the token of the moment. Behind the base URI: it needs
    // the origin to compare.
    let service = layers.auth.layer(service);
    // Inside the caps: they count what comes out of a compressed body.
    let service = layers.decompress.layer(service);
    // Inside the attempt timeout and the retry: a body that stalls or breaks off fails the attempt.
    let service = layers.collect.layer(service);
    let service = layers.attempt.layer(service);
    // Inside the retry, which then keeps no copy of headers that each attempt gets anew; the id is one
    // for all attempts.
    let service = layers.request_id.layer(service);
    // Fills gaps only, so that it cannot replace what an operation or a layer set on purpose. Before
    // others add their headers, so that there is mostly nothing to compare with.
    let service = layers.headers.layer(service);
    // Outside all that belongs to one attempt: its waits are not the attempt's time, and each
    // attempt asks for the token anew.
    let service = layers.retry.layer(service);
    // Outside all attempts: a URI is made absolute, or refused, once.
    let service = layers.base_uri.layer(service);
    // Outside all that costs anything: a call too many ends before it begins.
    let service = layers.in_flight.layer(service);
    // Outermost: its deadline covers waits between attempts, its span holds all events.
    layers.operation.layer(service)
}
