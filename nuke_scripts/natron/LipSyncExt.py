# SPDX-License-Identifier: Apache-2.0
"""The LipSync PyPlug's nodes, params and presets. Made by `make scripts`: edit ofx_lipsync/export instead."""

VERSION = '0.1.0'

NODES = [['FaceDetect', 'org.ofxlipsync.facedetect', ['Source']],
 ['AudioFeature', 'org.ofxlipsync.audiofeature', ['Source']],
 ['MouthGenerate', 'org.ofxlipsync.mouthgenerate', ['Source']],
 ['Blend', 'org.ofxlipsync.blend', ['Source', 'Mouth', 'Holdout']]]

CHAIN = ['FaceDetect', 'AudioFeature', 'MouthGenerate']

PASSES = {'AudioFeature': {'view': 'source'}}

TOP = [['Shot',
  [['FaceDetect',
    'analysis',
    "The shot's analysis file, made by Analyse or by lipsync analyse; the nodes of one shot name the same."],
   ['AudioFeature',
    'line',
    "The dialogue: a sound file, or a movie whose sound is meant. Empty is the clip's own sound in Resolve."],
   ['AudioFeature',
    'audio_offset',
    "Where the line starts against the shot's first frame: +250ms, or -6 for frames; empty is 0."],
   ['FaceDetect',
    'first_frame',
    'First frame of the shot; where this and the last are both 0, the range of Source counts.'],
   ['FaceDetect',
    'last_frame',
    'Last frame of the shot; where this and the first are both 0, the range of Source counts.']]],
 ['Face',
  [['FaceDetect',
    'face',
    'Whose mouth to replace when there are several people: the largest over the shot, the one nearest to the middle '
    'of the frame, the one nearest to the point below, or by number.'],
   ['FaceDetect', 'face_index', 'Number of the wanted person, for `index`, in order of first appearance.'],
   ['FaceDetect',
    'missing_face',
    'Where the face is not seen: leave the plate as it is, hold it through gaps of up to 12 frames between two '
    'sightings (longer ones stay as they are), or stop with an error.']]],
 ['Line',
  [['AudioFeature',
    'transcript',
    'The words of this line as they are spoken, for the lips to follow. Empty goes by ear, in any language.'],
   ['AudioFeature',
    'language',
    "The transcript's language as espeak-ng names it: en, de, fr, es, it, ru, ja (in kana), zh (in pinyin)."],
   ['AudioFeature',
    'dynamics',
    'How much further louder speech opens the mouth: 1 as people do, 0 as far for a whisper as for a shout.']]],
 ['Mouth',
  [['MouthGenerate',
    'strength',
    'How far the mouth moves from what was shot (0) to what the line says (1); animate it to ramp in and out.'],
   ['MouthGenerate',
    'opening',
    'Opens the mouth more or less than the line suggests; raise it for a shout, lower it for a mumble.'],
   ['MouthGenerate', 'width', 'Widens and rounds the mouth more or less than the line suggests.'],
   ['MouthGenerate', 'jaw', 'How far the chin follows; 0 holds the jaw and lets the lips alone speak.'],
   ['MouthGenerate', 'closure', 'How firmly the lips shut on p, b and m; viewers see a missed one first.'],
   ['MouthGenerate', 'sync_offset', 'Shifts the mouth against the sound; more than 0 moves the mouth later.'],
   ['MouthGenerate',
    'handles',
    'Frames at the head and tail over which the mouth fades from what was shot to the line, and back.'],
   ['MouthGenerate',
    'reel',
    'More footage of the same actor in similar light, whose mouths may be used; a movie or a sequence.']]],
 ['Blend',
  [['Blend',
    'mix',
    'Fades the whole patch over the plate; to ease a mouth in, animate MouthGenerate.strength instead.'],
   ['Blend',
    'feather',
    "Width of the soft edge between the new mouth and the plate's skin, half of it on either side."],
   ['Blend', 'erode', 'Pulls the edge of the new mouth inwards, or below 0 pushes it outwards.'],
   ['Blend',
    'move_jaw',
    "Moves the plate's own chin, cheeks and neck with the new jaw; off, only the mouth itself is replaced."],
   ['Blend',
    'invert_holdout',
    'Reads the holdout the other way round: by default the plate stands where the holdout is white.'],
   ['Blend',
    'colour_match',
    "How far the new mouth takes on the broad light and colour of the plate's skin round it."],
   ['Blend',
    'texture_match',
    "How far the new skin round the lips is made as crisp, or as soft, as the plate's; 0 leaves it as it is."]]],
 ['Pipeline',
  [['FaceDetect',
    'input_space',
    "Colour space of the host's pixels by its OCIO name; empty is scene-linear in Natron and Nuke, sRGB in players."],
   ['FaceDetect',
    'on_error',
    'When a frame cannot be made: it fails, or it says on the picture what is wrong. Use slate on farms whose hosts '
    'hide failures.']]]]

SHARED = {'analysis': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend'],
 'first_frame': ['FaceDetect', 'AudioFeature', 'MouthGenerate'],
 'last_frame': ['FaceDetect', 'AudioFeature', 'MouthGenerate'],
 'input_space': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend'],
 'on_error': ['FaceDetect', 'AudioFeature', 'MouthGenerate', 'Blend']}

SEEN = {'result': ('Blend', 'result'),
 'matte': ('Blend', 'matte'),
 'patch': ('Blend', 'patch'),
 'landmarks': ('FaceDetect', 'landmarks'),
 'confidence': ('MouthGenerate', 'confidence')}

PRESETS = {'dub': {'MouthGenerate': {'strength': 1.0, 'opening': 1.0, 'closure': 1.0, 'handles': 0, 'smoothing': 0.0},
         'Blend': {'feather': 7.0}},
 'adr_fix': {'MouthGenerate': {'strength': 1.0, 'opening': 1.0, 'closure': 1.0, 'handles': 8, 'smoothing': 0.0},
             'Blend': {'feather': 5.0}},
 'subtle': {'MouthGenerate': {'strength': 0.6, 'opening': 0.85, 'closure': 0.8, 'handles': 12, 'smoothing': 40.0},
            'Blend': {'feather': 9.0}}}

ABOUT = {'dub': 'A new line over the whole shot: a translation, a change of script.',
 'adr_fix': 'The same line spoken again: the mouth eases in and out over 8 frames, and the matte stays tight.',
 'subtle': "A little help for a line that nearly fits: the actor's own performance stays in charge."}
