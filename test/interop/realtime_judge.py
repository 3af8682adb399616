"""Drives NVIDIA's own realtime client against a server and prints the transcript of each file, one JSON object a line.

    realtime_judge.py --server HOST:PORT [--key KEY] FILE...
"""

import argparse
import asyncio
import json
import logging

from riva.client.realtime import RealtimeClientASR

FRAMES = 1600


def settings(server, key):
    """The arguments that NVIDIA's script for the realtime client hands on, at their defaults."""
    return argparse.Namespace(
        server=server,
        endpoint="/v1/realtime",
        query_params="intent=transcription",
        mint_api_key=key,
        use_ssl=False,
        ssl_root_cert=None,
        ssl_client_cert=None,
        ssl_client_key=None,
        mic=False,
        language_code="en-US",
        model_name="",
        prompt="",
        sample_rate_hz=16000,
        num_channels=1,
        max_alternatives=1,
        automatic_punctuation=False,
        word_time_offsets=True,
        profanity_filter=False,
        no_verbatim_transcripts=False,
        speaker_diarization=False,
        diarization_max_speakers=3,
        boosted_lm_words=None,
        boosted_lm_score=4.0,
        start_history=-1,
        start_threshold=-1.0,
        stop_history=-1,
        stop_history_eou=-1,
        stop_threshold=-1.0,
        stop_threshold_eou=-1.0,
        custom_configuration="",
    )


def chunks(path):
    """The file from its first byte, header and all, as the client's own file iterator gives it."""
    with open(path, "rb") as file:
        while piece := file.read(2 * FRAMES):
            yield piece


async def transcribe(args, path):
    client = RealtimeClientASR(settings(args.server, args.key))
    await client.connect()
    sending = asyncio.create_task(client.send_audio_chunks(chunks(path)))
    receiving = asyncio.create_task(client.receive_responses())
    await asyncio.wait_for(asyncio.gather(sending, receiving), 30)
    await client.disconnect()
    return client.final_transcript


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--key")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    logging.disable(logging.INFO)
    for path in args.files:
        try:
            print(json.dumps({"heard": asyncio.run(transcribe(args, path))}))
        except Exception as error:
            print(json.dumps({"error": str(error)}))


main()
