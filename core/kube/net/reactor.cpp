// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/reactor_loop.h"

#include <exception>

namespace binnacle::kube {

Reactor::Reactor() : m_loop(std::make_unique<Loop>())
{
    m_loop->thread = std::thread([loop = m_loop.get()] { loop->context.run(); });
}

Reactor::~Reactor()
{
    m_loop->work.reset();
    m_loop->context.stop();
    m_loop->thread.join();
}

void Reactor::post(std::function<void()> work) { asio::post(m_loop->context, std::move(work)); }

bool Reactor::isCurrent() const { return m_loop->thread.get_id() == std::this_thread::get_id(); }

void start(asio::io_context& context, std::function<Task<void>()> task)
{
    asio::co_spawn(context.get_executor(), std::move(task), [](const std::exception_ptr& thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    });
}

} // namespace binnacle::kube
