# SPDX-License-Identifier: Apache-2.0
"""The LipSync group's nodes, knobs and presets. Made by `make scripts`: edit ofx_lipsync/export instead."""

VERSION = '0.1.0'

NODES = ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend']

CLASSES = {'FaceDetect': 'OFXorg.ofxlipsync.facedetect_v1',
 'AudioFeature': 'OFXorg.ofxlipsync.audiofeature_v1',
 'MouthGenerate': 'OFXorg.ofxlipsync.mouthgenerate_v1',
 'Blend': 'OFXorg.ofxlipsync.blend_v1',
 'LipSync': 'OFXorg.ofxlipsync.lipsync_v1',
 'Portrait': 'OFXorg.ofxlipsync.portrait_v1',
 'Character': 'OFXorg.ofxlipsync.character_v1',
 'SyncMeter': 'OFXorg.ofxlipsync.syncmeter_v1',
 'Resync': 'OFXorg.ofxlipsync.resync_v1',
 'Fill': 'OFXorg.ofxlipsync.fill_v1'}

ANALYSE = ['FaceDetect', 'AudioFeature', 'MouthGenerate']

SHARED = {'analysis': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend'],
 'first_frame': ['FaceDetect', 'AudioFeature', 'MouthGenerate'],
 'last_frame': ['FaceDetect', 'AudioFeature', 'MouthGenerate'],
 'input_space': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend'],
 'on_error': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend']}

USES = ['dub', 'adr_fix', 'subtle']

PRESETS = {'dub': {'MouthGenerate': {'strength': 1.0, 'opening': 1.0, 'closure': 1.0, 'handles': 0, 'smoothing': 0.0},
         'Blend': {'feather': 7.0}},
 'adr_fix': {'MouthGenerate': {'strength': 1.0, 'opening': 1.0, 'closure': 1.0, 'handles': 8, 'smoothing': 0.0},
             'Blend': {'feather': 5.0}},
 'subtle': {'MouthGenerate': {'strength': 0.6, 'opening': 0.85, 'closure': 0.8, 'handles': 12, 'smoothing': 40.0},
            'Blend': {'feather': 9.0}}}

ABOUT = {'dub': 'A new line over the whole shot: a translation, a change of script.',
 'adr_fix': 'The same line spoken again: the mouth eases in and out over 8 frames, and the matte stays tight.',
 'subtle': "A little help for a line that nearly fits: the actor's own performance stays in charge."}
