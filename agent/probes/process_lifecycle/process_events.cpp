// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/process_lifecycle/process_events.h"

#include "agent/probes/internal/translate.h"
#include "core/base/fault.h"

#include <algorithm>

namespace binnacle::agent {

void deliverForked(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_process_forked>(bytes);
    BN_ASSERT(record);
    if (record)
        sink.on(ProcessForked{hostTime(record->header.at_ns), toTask(record->task), ProcessId{record->parent_pid}, record->start_ns,
                              NetworkNamespace{record->netns}});
}

void deliverExeced(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_process_execed>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    const auto* executable = reinterpret_cast<const char*>(record->executable);
    const auto size = std::min<std::size_t>(record->arguments_size, BN_PROCESS_ARGUMENTS);
    ProcessExeced event;
    event.at = hostTime(record->header.at_ns);
    event.task = toTask(record->task);
    event.parent = ProcessId{record->parent_pid};
    event.startNs = record->start_ns;
    event.netns = NetworkNamespace{record->netns};
    event.executable.assign(executable, strnlen(executable, sizeof(record->executable)));
    event.arguments.assign(reinterpret_cast<const char*>(record->arguments), size);
    sink.on(event);
}

void deliverExited(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_process_exited>(bytes);
    BN_ASSERT(record);
    if (record)
        sink.on(ProcessExited{hostTime(record->header.at_ns), toTask(record->task), record->start_ns, static_cast<int>(record->exit_code)});
}

} // namespace binnacle::agent
