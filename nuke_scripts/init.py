# SPDX-License-Identifier: Apache-2.0
"""LipSync's paths, for artists and farm alike: no menus, no windows, nothing that can fail a render."""

import os

import nuke

BUNDLE = "LipSync.ofx.bundle"


def bundle_folder(here):
    """Where the plug-in lies: $LIPSYNC_OFX_DIR, or a folder that travels with these scripts; else None."""
    for folder in (os.environ.get("LIPSYNC_OFX_DIR"), os.path.join(here, "ofx"), os.path.dirname(here)):
        if folder and os.path.isdir(os.path.join(folder, BUNDLE)):
            return folder
    return None


def add_ofx_folder(folder):
    """Nuke reads OFX_PLUGIN_PATH after the init scripts; a folder that is named already stays where it is."""
    known = [part for part in os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep) if part]
    if folder not in known:
        os.environ["OFX_PLUGIN_PATH"] = os.pathsep.join([folder] + known)


def keep_names_apart():
    """Nuke would give Blend and LipSync short names of ours, which its own Blend and our group have."""
    import lipsync_tables

    for ofx_class in lipsync_tables.CLASSES.values():
        nuke.ofxAddPluginAliasExclusion(ofx_class)


HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("python", "gizmos", "icons"):
    nuke.pluginAddPath(os.path.join(HERE, name))
if bundle_folder(HERE):
    add_ofx_folder(bundle_folder(HERE))
keep_names_apart()
