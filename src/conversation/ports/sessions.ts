import type { ChannelMessage } from "../domain/message.ts";
import type { ConversationTally, Session, SessionIds, Spoken } from "../domain/session.ts";
import type { Turn } from "../domain/turn.ts";

/** Users, their conversations, and what was said: the truth. Every call throws StoreError when the database is away. */
export interface Sessions {
  /** Gets or creates the user and the active conversation: of the person in a direct room, of the room in a group. Safe to race. */
  open(message: ChannelMessage): Promise<SessionIds>;

  /**
   * Reads the session afresh, without what was said. Undefined when the ids are not (any more) this person and the active conversation of this
   * room, whatever a cache said: open again.
   */
  read(message: ChannelMessage, ids: SessionIds): Promise<Session | undefined>;

  /**
   * As `read`, with the newest `historyMax` that was said before; and saves what the turn's message says in the same stroke, once
   * however often it is repeated.
   */
  record(turn: Turn, spoken: Spoken, ids: SessionIds, historyMax: number): Promise<Session | undefined>;

  /** What an earlier attempt has saved of the turn's message, if it has. */
  spoken(turn: Turn): Promise<Spoken | undefined>;

  /** `/model NAME`; undefined takes the preference back. */
  setUserModel(userId: string, model: string | undefined): Promise<void>;

  /** `/model NAME --conversation`; undefined takes it back. */
  setConversationModel(conversationId: string, model: string | undefined): Promise<void>;

  /** `/persona NAME`; undefined takes it back. */
  setPersona(conversationId: string, name: string | undefined): Promise<void>;

  /** `/system TEXT`; undefined takes it back. */
  setInstructions(conversationId: string, text: string | undefined): Promise<void>;

  /** Ends a conversation; it is kept, not deleted. Repeating changes nothing. */
  deactivate(conversationId: string): Promise<void>;

  tally(conversationId: string): Promise<ConversationTally>;
}
