# SPDX-License-Identifier: Apache-2.0
#
# Layers.  A target may use lower ones only; a wrong dependency stops the configure step.
#   0 core/base            1 generated protobuf       2 core/telemetry, core/protocols
#   2 core/kube/config, core/kube/net                 3 core/kube/credentials, core/kube/api, core/kube/objects     4 core/kube/tunnel, core/kube/diagnose
#   3 core/session, core/analysis                     4 agent/events, agent/symbols
#   5 agent/probes, agent/metadata, desktop/ingest    6 agent/correlation, agent/buffer, desktop/workspace
#   7 agent/aggregation, agent/service, desktop/viewmodels           8 agent/gateway, desktop/widgets
#   9 desktop/pages, desktop/cli                     10 agent/app, desktop/app
define_property(TARGET PROPERTY BN_LAYER BRIEF_DOCS "layer" FULL_DOCS "Layer; a target may use lower ones only.")

add_library(binnacle_options INTERFACE)
target_include_directories(binnacle_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(binnacle_options INTERFACE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:-Wall -Wextra -Wpedantic -Wno-missing-field-initializers>
    $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-subobject-linkage> # a source is no header because another file includes it
    $<$<AND:$<BOOL:${BINNACLE_WARNINGS_AS_ERRORS}>,$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>>:-Werror>)

# Some presets compile several sources of a target as one (CMAKE_UNITY_BUILD): what they include is read once, and a template is
# compiled once.  ALONE names the sources that cannot, since their unnamed namespace has a name that another one's has too.
function(binnacle_compile_alone)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# binnacle_library(name LAYER n SOURCES … [ALONE some of them] [DEPENDS own targets] [EXTERNAL foreign targets])
function(binnacle_library name)
    cmake_parse_arguments(ARG "" "LAYER" "SOURCES;ALONE;DEPENDS;EXTERNAL" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    binnacle_compile_alone(${ARG_ALONE})
    set_target_properties(${name} PROPERTIES BN_LAYER ${ARG_LAYER})
    binnacle_check_layers(${name} ${ARG_LAYER} "${ARG_DEPENDS}")
    target_link_libraries(${name} PUBLIC binnacle_options ${ARG_DEPENDS} ${ARG_EXTERNAL})
endfunction()

# binnacle_program(name LAYER n SOURCES … [DEPENDS …] [EXTERNAL …])
function(binnacle_program name)
    cmake_parse_arguments(ARG "" "LAYER" "SOURCES;DEPENDS;EXTERNAL" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES BN_LAYER ${ARG_LAYER})
    binnacle_check_layers(${name} ${ARG_LAYER} "${ARG_DEPENDS}")
    target_link_libraries(${name} PRIVATE binnacle_options ${ARG_DEPENDS} ${ARG_EXTERNAL})
endfunction()

function(binnacle_check_layers name layer depends)
    foreach(dep IN LISTS depends)
        get_target_property(below ${dep} BN_LAYER)
        if(NOT below LESS layer)
            message(FATAL_ERROR "${name} (layer ${layer}) must not use ${dep} (layer ${below})")
        endif()
    endforeach()
endfunction()

# What `./test tsan` builds and runs: the tests marked THREADED.
add_custom_target(threaded_tests)

# binnacle_test(name KIND unit|golden|ui|kernel|e2e SOURCES … [ALONE …] DEPENDS … [EXTERNAL …] [THREADED])
# GoogleTest; one ctest entry a test case, so that the closing count speaks.  `kernel` and `e2e` need root and run alone.
# THREADED: what it tests has threads of its own, and no Qt.
function(binnacle_test name)
    cmake_parse_arguments(ARG "THREADED" "KIND;TIMEOUT" "SOURCES;ALONE;DEPENDS;EXTERNAL" ${ARGN})
    find_package(GTest REQUIRED)
    include(GoogleTest)
    add_executable(${name} ${ARG_SOURCES})
    binnacle_compile_alone(${ARG_ALONE})
    target_link_libraries(${name} PRIVATE binnacle_options ${ARG_DEPENDS} ${ARG_EXTERNAL} GTest::gtest_main)
    # Compiled more often than run: a fifth of the compiler's time is worth more here than what -O2 gives.
    target_compile_options(${name} PRIVATE $<$<AND:$<CONFIG:RelWithDebInfo>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-O1>)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(ARG_THREADED)
        add_dependencies(threaded_tests ${name})
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set(alone "")
    if(ARG_KIND STREQUAL kernel OR ARG_KIND STREQUAL e2e)
        set(alone RUN_SERIAL TRUE)
    endif()
    gtest_discover_tests(${name} TEST_PREFIX "${ARG_KIND}." DISCOVERY_MODE PRE_TEST
        PROPERTIES LABELS ${ARG_KIND} TIMEOUT ${ARG_TIMEOUT} ${alone})
endfunction()
