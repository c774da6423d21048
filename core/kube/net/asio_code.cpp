// SPDX-License-Identifier: Apache-2.0
// The part of Boost.Asio that is not templates, compiled once.
#include "core/kube/net/internal/asio.h"

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
