// SPDX-License-Identifier: Apache-2.0

import Testing

/// The service as its real processes, asked over HTTP.
///
/// One server at a time: each wants the whole machine.
@Suite(.serialized) enum ServiceTests {}
