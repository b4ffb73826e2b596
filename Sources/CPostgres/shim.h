// SPDX-License-Identifier: Apache-2.0

// libpq, PostgreSQL's client library. Only the Jobs target imports it.

#ifndef CPOSTGRES_SHIM_H
#define CPOSTGRES_SHIM_H

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif

#endif
