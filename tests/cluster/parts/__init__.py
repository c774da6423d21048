# SPDX-License-Identifier: Apache-2.0
"""The parts of `cluster`: each module makes one kind of thing and knows how to take it away."""
