// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one way to Boost.Asio in this tree: what must come before its headers, and short names for what coroutines need.
// Asio's own code is compiled once, in asio_code.cpp.

#include <chrono>
#include <utility> // Boost 1.74's awaitable.hpp forgets it

#if defined(__clang__) && !defined(_MSC_VER) // Boost 1.74 looks only for the coroutines of Clang's experimental time
#    ifndef BOOST_ASIO_HAS_CO_AWAIT
#        define BOOST_ASIO_HAS_CO_AWAIT 1
#    endif
#    ifndef BOOST_ASIO_HAS_STD_COROUTINE
#        define BOOST_ASIO_HAS_STD_COROUTINE 1
#    endif
#endif
#ifndef BOOST_ASIO_SEPARATE_COMPILATION
#    define BOOST_ASIO_SEPARATE_COMPILATION
#endif
#ifndef BOOST_ASIO_NO_DEPRECATED
#    define BOOST_ASIO_NO_DEPRECATED
#endif

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace binnacle::kube {

namespace asio = boost::asio;
using Failure = boost::system::error_code; // of a system call or of TLS, before it becomes an Error
template <class T>
using Task = asio::awaitable<T, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, asio::io_context::executor_type>;

// GCC 12 destroys some temporaries of an expression that awaits twice: closures and aggregates made in it.  So whatever is handed to
// what is awaited has a name of its own first, and no `?:` awaits.

/// Awaits without exceptions: the outcome is in `failure`.
inline auto into(Failure& failure)
{
    return asio::redirect_error(asio::use_awaitable_t<asio::io_context::executor_type>{}, failure);
}

} // namespace binnacle::kube
