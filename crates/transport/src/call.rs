//! The fluent end of a service crate: an operation, the client that will send it, and settings of its own.

/// Declares `Call<O>` for a service crate whose `Client` has `execute_with` and `download_with`, the places in which a
/// service says what its replies mean.
///
/// It is a macro because each service crate puts the setters of its own operations on its own `Call`, which a type of
/// another crate would not allow.
///
/// ```
/// use accredit_transport::{BytesOperation, Client as Transport, CallOptions, Download, Error, Operation};
///
/// #[derive(Clone, Debug)]
/// pub struct Client {
///     transport: Transport,
/// }
///
/// impl Client {
///     async fn execute_with<O: Operation>(&self, operation: &O, options: &CallOptions) -> Result<O::Output, Error> {
///         self.transport.execute_with(operation, options).await
///     }
///
///     async fn download_with<O: BytesOperation>(&self, operation: &O, options: &CallOptions) -> Result<Download, Error> {
///         self.transport.download_with(operation, options).await
///     }
/// }
///
/// accredit_transport::declare_call!(Client);
///
/// fn bare<O: Operation>(client: &Client, operation: O) -> O {
///     Call::new(client, operation).options(CallOptions::new()).into_operation()
/// }
/// ```
#[macro_export]
macro_rules! declare_call {
    ($client:ty) => {
        /// A call that can be adjusted and then sent.
        ///
        /// It owns a cheap clone of the client, so it can be stored and moved to another task. The setters for the
        /// parameters of an operation stand on the `Call` of that operation, below.
        #[derive(Debug)]
        #[must_use = "a call does nothing until `send`"]
        pub struct Call<O> {
            client: $client,
            operation: O,
            options: $crate::CallOptions,
        }

        #[allow(dead_code, reason = "a service may have no operation with setters")]
        impl<O: $crate::Operation> Call<O> {
            pub(crate) fn new(client: &$client, operation: O) -> Self {
                Self {
                    client: client.clone(),
                    operation,
                    options: $crate::CallOptions::new(),
                }
            }

            pub(crate) fn operation_mut(&mut self) -> &mut O {
                &mut self.operation
            }

            /// Sends the call.
            ///
            /// # Errors
            ///
            /// Every failure is an error that names the operation: see its `kind()`, `status()` and predicates.
            pub async fn send(self) -> Result<O::Output, $crate::Error> {
                self.client
                    .execute_with(&self.operation, &self.options)
                    .await
            }

            /// The bare operation, to be kept or to be run with the client's `execute`.
            pub fn into_operation(self) -> O {
                self.operation
            }

            /// Bounds this call as a whole, in the place of the client's bound; `None` for no limit.
            pub fn deadline(
                mut self,
                limit: impl ::std::convert::Into<::std::option::Option<::std::time::Duration>>,
            ) -> Self {
                self.options = self.options.deadline(limit);
                self
            }

            /// Sends a header along. It cannot replace the credentials.
            pub fn header(
                mut self,
                name: $crate::http::HeaderName,
                value: $crate::http::HeaderValue,
            ) -> Self {
                self.options = self.options.header(name, value);
                self
            }

            /// Sets any of the transport's settings for this call, in the place of those set so far.
            pub fn options(mut self, options: $crate::CallOptions) -> Self {
                self.options = options;
                self
            }
        }

        impl<O: $crate::BytesOperation> Call<O> {
            /// Sends the call and gives the file as it comes, in the place of [`send`](Self::send), which reads it into
            /// memory.
            ///
            /// # Errors
            ///
            /// As `send`, up to the head of the reply; the rest is told by the [`Download`]($crate::Download).
            pub async fn download(self) -> ::std::result::Result<$crate::Download, $crate::Error> {
                self.client
                    .download_with(&self.operation, &self.options)
                    .await
            }
        }

        impl<O: $crate::Paginate> Call<O> {
            /// The pages of the list as a stream: what [`send`](Self::send) answers, page after page.
            /// Nothing is sent until it is polled.
            pub fn pages(self) -> $crate::Pages<O> {
                let Self {
                    client,
                    operation,
                    options,
                } = self;
                let fetch = move |operation: O, options| {
                    let client = client.clone();
                    async move { client.execute_with(&operation, &options).await }
                };
                $crate::Pages::new(operation, fetch).options(options)
            }

            /// The items of the list as a stream, page after page. Nothing is sent until it is polled.
            pub fn items(self) -> $crate::Items<O> {
                self.pages().into_items()
            }
        }
    };
}
